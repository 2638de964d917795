"""Assets: what was found in one picture, its record as JSON, and the states that a picture goes through."""
