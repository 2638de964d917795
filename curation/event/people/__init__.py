"""The people of an event: labels, the user's changes of labels and grouping, and suggested merges."""
