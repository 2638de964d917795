"""What is kept of how photos were taken, so that their files need not be read again."""
