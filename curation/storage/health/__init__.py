"""The table of files that are broken or not there."""
