"""Photos as files: what is wrong with them, and what of them is still good."""
