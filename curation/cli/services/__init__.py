"""`python -m curation services ...`: the attribute services from the command line, a module for a few commands."""
