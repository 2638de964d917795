"""The log of the services: one structured trail for each picture through all roles."""
