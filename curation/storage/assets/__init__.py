"""Records of assets in a database, and the files beside them."""
