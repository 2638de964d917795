"""The clips of an event beside its photos: who is in them, their best pictures, their rank."""
