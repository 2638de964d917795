"""The page Assets: pictures and their states, one of them in detail, and a light table of cut-outs."""
