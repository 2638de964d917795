"""The server under the application: what a connection may take of it before anybody knows who is there."""
