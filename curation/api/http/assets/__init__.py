"""Assets over HTTP: who answers for them, receiving pictures, their files as responses, and their events."""
