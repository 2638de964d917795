"""What the user said of people: labels, corrections of the grouping, and how changes are merged."""
