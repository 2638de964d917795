"""The stages: clustering, scoring and export, and what they do with one photo."""
