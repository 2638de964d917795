"""Forms of known containers that the usual decoders do not open: TIFFs of floats, wide integers or Lab; JPEG XL."""
