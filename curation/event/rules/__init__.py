"""The current rules of scoring: read from config.yaml, previewed, saved, and applied to the event."""
