"""One film worked through: looks, tracks, characters, posters, and whole catalogues of films."""
