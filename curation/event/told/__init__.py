"""What other programs said of an event's photos, as it is offered to the user: picks to take over, names by vote."""
