"""Object storage: S3 and what speaks like it, behind one Protocol; its lock, and the cache of what was fetched."""
