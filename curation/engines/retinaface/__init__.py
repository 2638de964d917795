"""The engine retinaface-arcface, based on the packages retina-face and deepface."""
