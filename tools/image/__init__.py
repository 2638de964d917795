"""The image: what Dockerfile runs to make it small, and how it is tried."""
