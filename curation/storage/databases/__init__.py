"""What all SQLite files of the program have in common: rows with checksums, and what is done about damage."""
