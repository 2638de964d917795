"""Which faces are one person: linkage, clusters, the check of the result, suggestions."""
