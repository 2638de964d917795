"""Files made of ISO boxes: HEIF, AVIF and films, each part of which has a place and a size in the file."""
