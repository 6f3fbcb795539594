"""Pages of devices (ZONE_DEVICE): what a file does with them that the counts of one function do not tell."""
