"""Exporting photos: copies, hard links or a ZIP file, with metadata for other programs."""
