"""What people wear: colours by name, top and bottom, and how alike two outfits are."""
