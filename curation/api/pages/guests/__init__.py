"""The page on which a guest finds their own photos."""
