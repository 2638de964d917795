"""`python -m curation video ...`, a file for a few commands."""
