"""The accuracy of the program on labelled photos: `make eval` writes its tables into docs/accuracy.md."""
