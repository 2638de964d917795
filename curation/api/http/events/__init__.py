"""What requests about several events have in common: which are open, and which one a request is about."""
