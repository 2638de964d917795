"""Workers as JSON."""
