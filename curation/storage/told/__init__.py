"""What is kept of what other programs said in the files of photos, so that they need not be read again."""
