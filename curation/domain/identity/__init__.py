"""Which photo, face and person the user's words are about, whatever happens to paths, boxes and cluster ids."""
