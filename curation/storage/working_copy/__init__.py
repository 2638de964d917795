"""The copy of an output folder in object storage that lies on this machine: pulled before work, pushed after it."""
