"""Bursts: photos of one moment, how similar photos are, and which photo of a burst is the best."""
