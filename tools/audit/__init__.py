"""`make audit`: are there published faults of the packages that the locks name?"""
