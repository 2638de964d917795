"""The readers themselves, one module for each family of networks: their inputs, their classes, their numbers."""
