"""Films as JSON."""
