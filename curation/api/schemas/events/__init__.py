"""Events and folders as JSON."""
