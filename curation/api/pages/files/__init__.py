"""The page of files that should be copied again, and the line that leads there."""
