"""What an event begins with, as JSON."""
