"""The JSON operations on files that are broken or not there."""
