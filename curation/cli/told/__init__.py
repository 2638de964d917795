"""`curation told`: what other programs said in the files of the photos, and taking it over."""
