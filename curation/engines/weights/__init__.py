"""Model files: which ones are known, finding, verifying and downloading them, and the thresholds measured for them."""
