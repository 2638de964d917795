"""What is asked of every request of the JSON routes, in one place."""
