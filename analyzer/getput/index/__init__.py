"""What the functions of a whole tree do to counts: an index in the user's cache folder, keyed by content."""
