"""What a file may ask of its decoder, by its header and the lists of its parts: looked at before it is decoded."""
