"""`curation gallery ...`: people who are known beyond one event."""
