"""One photo of an event looked at closely: its tiles, and the people of its burst."""
