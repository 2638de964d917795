"""Person masks: networks that tell people from the background, and what keeps neighbours out of each other's masks."""
