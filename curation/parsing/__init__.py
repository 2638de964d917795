"""The one place where contents from outside become values: plain files, JSON, arrays, YAML, within limits.

Whoever reads a file calls these functions, never a parser of its own, and turns what they raise into the error of its
subject: `OSError` if the file cannot be read, and `PARSER_ERRORS` for everything that is wrong with its content.
"""
