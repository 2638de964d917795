"""The JSON operations on assets."""
