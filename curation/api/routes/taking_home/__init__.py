"""The JSON operations on what is taken home besides exports: sidecars beside the originals."""
