"""Listing a folder of photos, decoding them, thumbnails."""
