"""Which photos to export: coverage of people, the choice of the best photos, export requests and reports."""
