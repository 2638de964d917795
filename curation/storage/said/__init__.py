"""What the user said: labels, corrections, picks, answers, and what of it can be undone."""
