"""Films whose people are known: labelled by hand, or assembled from labelled photos; and how a result is scored."""
