"""What the user says about people: labels, corrections of the grouping, and changes of both."""
