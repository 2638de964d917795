"""Sidecars that were written beside originals: the journal and backup of each run, and lists."""
