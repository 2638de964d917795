"""Serving the roles of one process: what bounds all calls, the gRPC server, and how its parts are put together."""
