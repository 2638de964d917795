"""Photos as tiles: small pictures of the full size, so that a face is sharp without sending the whole photo."""
