"""`curation files`: what is known of the files themselves."""
