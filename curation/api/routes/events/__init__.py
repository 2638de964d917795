"""The operations on events, on the folders where others lie, and the one that looks through the photos."""
