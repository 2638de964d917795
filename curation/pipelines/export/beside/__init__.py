"""Sidecars beside the originals: what would be written, writing it, and taking it back."""
