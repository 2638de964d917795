"""A coordinator and workers that share a broker and object storage only, and whatever of it is killed."""
