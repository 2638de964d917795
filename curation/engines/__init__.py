"""Engines find and embed the faces of a photo; landmarks and model weights live here too."""
