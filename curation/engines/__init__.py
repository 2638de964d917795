"""Engines, which find and embed the faces of photos; also landmarks, expressions and the weights of all models."""
