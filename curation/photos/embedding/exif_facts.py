"""Stars and names in EXIF: changed where they are already, and added for Windows, which looks there first."""

from __future__ import annotations

import io
import struct

from curation.domain.choosing.export import PhotoDescription
from curation.domain.choosing.programs import Program
from curation.domain.judging.picks import MAX_RATING, Pick
from curation.errors import PhotoUnreadableError
from curation.photos.embedding.edits import edited
from curation.photos.embedding.tiff_directory import BYTE, SHORT, TiffDirectory, Value
from curation.photos.xmp.agreeing import PERCENT_OF_STARS, stars_of_percent
from curation.photos.xmp.description import NOTHING_TOLD, Told
from curation.photos.xmp.names import same_text
from curation.photos.xmp.properties import Fact, Form, Holder, places_of

__all__ = ["ExifBlock", "exif_changes", "exif_told"]

_MAX_PERCENT = 100
_PACKET = 700
_DAMAGED = "its EXIF block is damaged and was not changed: programs that read stars there see the old ones"


class ExifBlock:
    """The EXIF block of a photo, as it stands in a segment, chunk, resource or item of its own."""

    def __init__(self, content: bytes | None) -> None:
        """Read it; one that is damaged says nothing, and is not changed.

        Args:
            content: From the header of its TIFF structure on; None if there is none.
        """
        self.told = NOTHING_TOLD
        self.packets: tuple[bytes, ...] = ()
        self._content = content
        self._directory: TiffDirectory | None = None
        if content is None:
            return
        try:
            directory = TiffDirectory(io.BytesIO(content))
            self.told = exif_told(directory)
            self.packets = tuple(directory.values(_PACKET))
            self._directory = directory
        except PhotoUnreadableError:
            self._directory = None

    def described(self, description: PhotoDescription) -> tuple[bytes | None, tuple[str, ...]]:
        """The block as it agrees with a description; None if it does already. And notes.

        An XMP packet within it, which some programs leave there, is taken away: it belongs to the one of the photo.
        """
        if self._content is None or description.is_silent:
            return None, ()
        if self._directory is None:
            return None, (_DAMAGED,)
        try:
            changes = exif_changes(self._directory, description)
            if self.packets:
                changes[_PACKET] = None
            return (edited(self._content, self._directory.edits(changes)) if changes else None), ()
        except PhotoUnreadableError:
            return None, (_DAMAGED,)


def exif_told(directory: TiffDirectory) -> Told:
    """What EXIF says of stars and keywords."""
    return Told(_stars(directory), _keywords(directory))


def _stars(directory: TiffDirectory) -> int | None:
    """The stars, 1 to 5; None if EXIF says none."""
    for place in places_of(Fact.STARS, Holder.EXIF):
        number = directory.number(int(place.key))
        if number is None or number <= 0:
            continue
        if place.form is Form.PERCENT and number <= _MAX_PERCENT:
            return stars_of_percent(number)
        if place.form is Form.STARS and number <= MAX_RATING:
            return number
    return None


def _keywords(directory: TiffDirectory) -> tuple[str, ...]:
    """The keywords that Windows wrote into EXIF."""
    return tuple(
        each.strip()
        for place in places_of(Fact.KEYWORDS, Holder.EXIF)
        for value in directory.values(int(place.key))
        for each in value.decode("utf-16-le", "replace").split("\0", 1)[0].split(";")
        if each.strip()
    )


def exif_changes(directory: TiffDirectory, description: PhotoDescription) -> dict[int, Value | None]:
    """The tags that are to be changed, so that EXIF agrees with a description; empty if it does already.

    EXIF knows no rejected photos: they have no stars there.

    Args:
        directory: The first one of the EXIF block.
        description: Of the photo.
    """
    changes: dict[int, Value | None] = {}
    for place in places_of(Fact.STARS, Holder.EXIF):
        tag = int(place.key)
        is_there = bool(directory.entries_of(tag))
        known = directory.number(tag) if is_there else None
        stars = None if description.rating is None else max(0, description.rating)
        if stars is None and description.pick is Pick.PICKED and known is not None and not 0 <= known <= _MAX_PERCENT:
            stars = 0  # -1, in a tag of numbers without a sign
        if stars is None or not (is_there or (description.program is Program.WINDOWS and stars)):
            continue
        wanted = PERCENT_OF_STARS[stars] if place.form is Form.PERCENT else stars
        if wanted != known or len(directory.entries_of(tag)) > 1:
            changes[tag] = Value(SHORT, struct.pack(directory.order + "H", wanted))
    for place in places_of(Fact.KEYWORDS, Holder.EXIF):
        values = directory.values(int(place.key))
        if not values or not description.tags:
            continue
        text = values[0].decode("utf-16-le", "replace").split("\0", 1)[0]
        names = [each for each in text.split(";") if each.strip()]
        known_names = {same_text(each) for each in names}
        new = [each.replace(";", ",") for each in description.tags if same_text(each) not in known_names]
        if new and names:
            changes[int(place.key)] = Value(BYTE, (";".join([*names, *new]) + "\0").encode("utf-16-le"))
    return changes
