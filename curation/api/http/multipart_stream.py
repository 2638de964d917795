"""A streaming parser for forms with files: no part is buffered in memory or in a temporary folder."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from curation.api.http.sharing.share import share_here

__all__ = ["BrokenFormError", "FilePart", "PartData", "PartEnd", "body_in_pieces", "boundary_of", "parts_of"]

_NO_NAME = "photo"
_MOST_FIELDS = 1000
"""Of fields that are no files; nothing here asks for any, and each costs time."""
_WRITE_BYTES = 1024 * 1024  # each write switches to another thread


class BrokenFormError(Exception):
    """The body is not the form that its Content-Type announces. The upload route turns it into a problem."""


@dataclass(frozen=True, slots=True)
class FilePart:
    """A file begins; `name` is the file name that the client sent, `field` that of the field; both may be anything."""

    name: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class PartData:
    """Some bytes of the file that began last."""

    data: bytes


@dataclass(frozen=True, slots=True)
class PartEnd:
    """The file that began last is complete."""


def boundary_of(content_type: str) -> bytes | None:
    """The boundary between the parts; None if the Content-Type is not that of a form with files."""
    # Header values are Latin-1.
    kind, options = parse_options_header(content_type.encode("latin-1", "replace"))
    return options.get(b"boundary") or None if kind == b"multipart/form-data" else None


async def parts_of(body: AsyncIterable[bytes], boundary: bytes) -> AsyncIterator[FilePart | PartData | PartEnd]:
    """The files of a form as they arrive; fields that are not files are skipped.

    Args:
        body: Pieces of the body.
        boundary: As `boundary_of` returns it.

    Raises:
        BrokenFormError: If the body is truncated, not a form, or one of too many fields.
    """
    collector = _Collector()
    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": collector.part_begin,
                "on_part_data": collector.part_data,
                "on_part_end": collector.part_end,
                "on_header_field": collector.header_field,
                "on_header_value": collector.header_value,
                "on_header_end": collector.header_end,
                "on_headers_finished": collector.headers_finished,
                "on_end": collector.form_end,
            },
        )
        async for piece in body:
            parser.write(piece)
            for event in collector.taken():
                yield event
        parser.finalize()
    except FormParserError as error:  # also a boundary that is longer than the parser takes
        raise BrokenFormError(str(error)) from error
    if not collector.is_complete:
        raise BrokenFormError("the form is cut off")


class _Collector:
    """Turns the parser's callbacks into events."""

    def __init__(self) -> None:
        self.is_complete = False
        self._events: list[FilePart | PartData | PartEnd] = []
        self._is_file = False
        self._field = self._value = b""
        self._disposition = b""
        self._fields = 0

    def taken(self) -> list[FilePart | PartData | PartEnd]:
        events, self._events = self._events, []
        return events

    def part_begin(self) -> None:
        self._is_file = False
        self._field = self._value = self._disposition = b""

    def header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def header_end(self) -> None:
        if self._field.lower() == b"content-disposition":
            self._disposition = self._value
        self._field = self._value = b""

    def headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition)
        name = options.get(b"filename")
        if name is not None:
            self._is_file = True
            field = options.get(b"name", b"").decode("utf-8", "replace")
            self._events.append(FilePart(name.decode("utf-8", "replace") or _NO_NAME, field))
            return
        self._fields += 1
        if self._fields > _MOST_FIELDS:
            raise BrokenFormError(f"it has more than {_MOST_FIELDS} fields that are no files")

    def part_data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self._events.append(PartData(data[start:end]))

    def part_end(self) -> None:
        if self._is_file:
            self._events.append(PartEnd())

    def form_end(self) -> None:
        self.is_complete = True


async def body_in_pieces(request: Request) -> AsyncIterator[bytes]:
    """The body of a request in pieces of a megabyte or more, which are large enough to be written."""
    if (share := share_here()) is not None:
        share.end_work()  # a phone sends for minutes, and the page is used meanwhile
    pieces = bytearray()
    async for piece in request.stream():
        pieces += piece
        if len(pieces) >= _WRITE_BYTES:
            yield bytes(pieces)
            pieces.clear()
    if pieces:
        yield bytes(pieces)
