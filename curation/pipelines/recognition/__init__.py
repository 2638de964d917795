"""Who the people without a label may be: the clusters of an event compared with the gallery of known people."""
