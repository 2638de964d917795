"""Reading the attributes of the faces of one picture: from the bytes of a file to values, without any server."""
