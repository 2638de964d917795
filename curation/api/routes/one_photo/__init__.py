"""The JSON operations on what is looked at closely: tiles of a photo, the people of its burst."""
