"""The engine of the packages retina-face and deepface."""
