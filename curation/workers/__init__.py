"""Running many small tasks: a pool of worker processes and a serial one, behind one Protocol."""
