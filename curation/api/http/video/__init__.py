"""What requests about films have in common: receiving them, parts of files for players."""
