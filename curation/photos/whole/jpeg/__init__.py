"""Whether a JPEG is whole: its parts, its blocks, and its agreement with its own thumbnail."""
