"""The folder of photos itself, whatever was looked through so far."""
