"""The JSON operations on workers."""
