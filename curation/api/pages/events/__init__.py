"""The first page: all events of this machine."""
