"""What other programs said of photos in their files: stars, rejections, colours, names and places of faces."""
