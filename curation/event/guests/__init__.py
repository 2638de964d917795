"""Guests of an event who look for their own photos: links that let them, and who the person of a selfie is."""
