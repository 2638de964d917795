"""Which faces are one person: linkage, clusters, quality check of the grouping, merge suggestions."""
