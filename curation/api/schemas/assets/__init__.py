"""Assets as JSON: their rows, and handing pictures in."""
