"""Whole people in photos: boxes, the 33 landmarks of a pose, how a body lies in the frame."""
