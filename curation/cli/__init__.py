"""`python -m curation …`, what the two scripts share, and what `make run` and `make serve` start."""
