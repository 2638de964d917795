"""Faces: position, quality, ids, and an index of all faces of an event."""
