"""The JSON operations on films."""
