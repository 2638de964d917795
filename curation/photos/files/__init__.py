"""Photos as files: listing, opening, checking, and their headers."""
