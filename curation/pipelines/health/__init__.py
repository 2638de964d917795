"""The files of an event that should be copied again before the card is formatted, and those that are not there."""
