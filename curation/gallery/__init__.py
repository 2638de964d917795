"""The gallery of people who are known beyond one event: the store's Protocol, the embedded store, the server."""
