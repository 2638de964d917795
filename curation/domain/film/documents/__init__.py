"""What the document of a film is made of: checked values, its reader, its schema."""
