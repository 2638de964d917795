"""The JSON operations with which an event begins: the sample event, the engine, following a growing folder."""
