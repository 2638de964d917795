"""The JSON operations on assets: handing in, finding, their files, following, trying again, deleting."""
