"""The messages and services of image_processing.proto, and the Python modules that `make proto` generates from it."""
