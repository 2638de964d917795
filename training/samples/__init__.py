"""Samples to train networks on: chips of found faces, and labelled crops of eyes and mouths; needs no torch."""
