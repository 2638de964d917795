"""The queue of pictures in Redis: what puts pictures in, what works through them, and the dead letters."""
