"""Photos as files: listing them, opening and decoding them, and reading their headers."""
