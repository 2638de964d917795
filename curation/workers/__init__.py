"""Doing many small tasks: pools of worker processes, and a serial one, behind one Protocol."""
