"""Attributes of faces besides whose they are: age, sex, ethnicity, emotion, dense landmarks; each with its doubt."""
