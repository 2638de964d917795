"""Files, tables and caches that outlive a run: how each is written, read and locked."""
