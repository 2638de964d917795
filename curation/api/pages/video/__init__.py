"""The page Videos."""
