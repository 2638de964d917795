"""What other programs said in the files of an event's photos: reading all of them once, and keeping it."""
