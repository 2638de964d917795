"""Labelled photos and faces, metrics that compare results with the labels, and runs of the program on these photos."""
