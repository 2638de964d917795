"""Which files of a folder are photos, which belong together, and which are something else."""
