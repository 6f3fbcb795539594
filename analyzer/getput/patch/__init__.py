"""From an input to the before- and after-image of every file that its patches touch."""
