"""Average linkage of faces by cosine distance, exact at any size."""
