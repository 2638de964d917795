"""The current rules of scoring: read from config.yaml, tried, saved, and the event as they judge it."""
