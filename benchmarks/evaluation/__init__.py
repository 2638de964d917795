"""How right the program's judgements are on labelled photos: `make eval`, tables for docs/accuracy.md."""
