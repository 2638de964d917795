"""Files that are broken or not there as JSON."""
