"""Following a folder that grows: new photos are looked through by themselves."""
