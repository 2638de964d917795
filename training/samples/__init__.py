"""What the networks learn from: chips of found faces, and labelled crops of eyes and mouths; needs no torch."""
