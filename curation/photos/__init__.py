"""Photos: their files, what they look like, and the metadata written for them."""
