"""The side of a worker of another machine: what its main process says to parents, and how its children work."""
