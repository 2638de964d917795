"""Whether TIFF files, and RAW files, most of which are TIFFs, are whole: every part that they name lies inside them."""
