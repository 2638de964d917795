"""Pure values and functions: faces, geometry, clusters, labels, measures, rules, ranking, report."""
