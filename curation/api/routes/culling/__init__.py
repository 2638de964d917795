"""The JSON operations that only going through many photos needs."""
