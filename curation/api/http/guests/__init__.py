"""What requests of guests have in common: who may ask, how often, and answers that nobody keeps."""
