"""How the networks for eyes and smiles are trained (needs torch), and how the distances of the grouping are found."""
