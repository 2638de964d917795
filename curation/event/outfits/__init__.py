"""What the people of an event wear: search by colours, and who a person without a face may be."""
