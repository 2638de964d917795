"""Pure values and functions: faces, labels, grouping, judging of photos, bursts, choice and export, reports."""
