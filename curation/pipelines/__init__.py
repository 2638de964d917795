"""The two stages and their unit of work, one photo."""
