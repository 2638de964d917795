"""Hostile input by grammar: what a stranger may send or lay into a folder, more often nearly right than random."""
