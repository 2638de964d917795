"""Readers of attributes: networks that tell age, sex, ethnicity, emotion or dense landmarks of found faces."""
