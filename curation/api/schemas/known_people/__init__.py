"""People who are known beyond one event, as JSON."""
