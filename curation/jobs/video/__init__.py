"""Films in the background: received, looked at, and kept."""
