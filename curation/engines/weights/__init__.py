"""Model files: which ones are known, where they come from, and what was measured for them."""
