"""Recognising open eyes and smiles, with two small networks of the project in `data/`."""
