"""The events that this machine knows: which there are, what is known of each, and the folders where others lie."""
