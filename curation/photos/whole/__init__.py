"""Whether the files of photos are whole: each container's own sizes, places and checksums, beside decoding them."""
