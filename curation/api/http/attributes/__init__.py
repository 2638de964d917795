"""Pictures for the attribute services: sending them from the event loop, and what goes wrong as HTTP."""
