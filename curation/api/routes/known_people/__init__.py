"""The JSON operations on people who are known beyond one event."""
