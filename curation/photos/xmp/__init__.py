"""Metadata that is written into and beside photos."""
