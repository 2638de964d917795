"""Texts for players and editors: who is on screen when, as subtitles, chapters and markers."""
