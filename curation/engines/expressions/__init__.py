"""Open eyes and smiles, by two small networks of our own in `data/`."""
