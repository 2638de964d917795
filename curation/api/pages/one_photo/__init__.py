"""The pages of one photo, and of a few side by side."""
