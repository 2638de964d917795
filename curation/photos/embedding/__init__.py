"""Writing what the user said into copies of photos: XMP, EXIF and IPTC inside JPEG, TIFF, DNG, PNG, WebP and PSD."""
