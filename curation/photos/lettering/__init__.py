"""Words and named boxes on pictures, in any script."""
