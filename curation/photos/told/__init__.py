"""What other programs said of a photo: read from its file and from the files beside it, without opening the picture."""
