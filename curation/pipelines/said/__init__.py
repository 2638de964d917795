"""Keeps what the user said with the photos, faces and people that it is about."""
