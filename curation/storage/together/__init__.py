"""Files of an output folder that belong together appear together."""
