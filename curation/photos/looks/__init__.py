"""What photos look like: crops, focus, exposure, and the pictures shown to the user."""
