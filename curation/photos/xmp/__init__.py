"""XMP metadata: reading it, adding to it, writing it into JPEG files and sidecars."""
