"""What calls do to counts, and how counts move along the paths of a function."""
