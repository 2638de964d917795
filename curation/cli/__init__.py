"""The command line: `python -m curation …`, the shared part of the two scripts, and `make run` and `make serve`."""
