"""How a result compares with the labels: groupings, found faces, and measures of two classes."""
