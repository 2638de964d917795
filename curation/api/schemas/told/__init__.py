"""What other programs said in the files of photos, as JSON."""
