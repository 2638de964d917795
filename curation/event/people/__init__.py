"""The people of an event: who they are called, what the user changes of them, what is suggested."""
