"""Faces: where they are, how good they are, how they are numbered and found."""
