"""What the pages say for the codes of problems."""
