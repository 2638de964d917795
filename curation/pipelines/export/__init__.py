"""Taking photos home."""
