"""Colours that a photo's file tells elsewhere than in an ICC profile, and pictures of high dynamic range."""
