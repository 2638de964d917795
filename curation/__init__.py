"""Curation: finds the people in a folder of photos and ranks the photos, best first."""

__version__ = "0.1.0"
