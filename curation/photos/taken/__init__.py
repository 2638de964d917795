"""How a photo was taken, as its file says: camera, lens and exposure, read without opening the picture."""
