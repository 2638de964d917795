"""What all requests share: access control, limits, errors, entity tags, metrics, logs."""
