"""Who a cluster of faces is among people who are known from before, who it may be, or that it is nobody known."""
