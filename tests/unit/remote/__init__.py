"""Work for other machines: JSON without loss, files by hash, and whose fault a failure is."""
