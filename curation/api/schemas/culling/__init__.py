"""What only going through many photos needs, as JSON."""
