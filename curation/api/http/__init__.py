"""What every request has in common: access, limits, errors, entity tags, metrics, logs."""
