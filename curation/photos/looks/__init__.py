"""What is seen in a photo and shown of it: crops, focus, exposure, pictures."""
