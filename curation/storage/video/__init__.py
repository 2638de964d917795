"""Files about films: segments that were looked at, tables, results, and what players and editors read."""
