"""Tiles of a photo and the people of its burst as JSON."""
