"""The JSON operations on what other programs said in the files of photos."""
