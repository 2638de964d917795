"""What comes from the web: which addresses may be fetched, and fetching within limits."""
