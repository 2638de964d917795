"""Sidecars beside the originals as JSON."""
