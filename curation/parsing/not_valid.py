"""What is raised for contents that are not valid, by the parsers and by whoever takes their values apart."""

from __future__ import annotations

import csv
import struct
import zlib
from zipfile import BadZipFile

__all__ = ["PARSER_ERRORS", "READING_ERRORS", "NotValidError"]


class NotValidError(ValueError):
    """A content is not valid, or passes a limit; the message says where, without the name of the file."""


PARSER_ERRORS: tuple[type[Exception], ...] = (
    ValueError,  # also those of JSON and UTF-8, and of numbers that are too long for Python to convert
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,  # a whole number from Infinity, a fraction with 0 below
    RecursionError,
    MemoryError,
    EOFError,
    RuntimeError,  # of zipfile, for what is packed or locked otherwise
    csv.Error,
    struct.error,
    zlib.error,
    BadZipFile,
)
"""Everything that parsing a content, and taking the parsed value apart, raises for a content that is not valid.

For `except`, after the clauses for `OSError` and for the program's own errors.
"""

READING_ERRORS: tuple[type[Exception], ...] = (OSError, *PARSER_ERRORS)
"""The same, and that the file cannot be read: for memories that can be made anew."""
