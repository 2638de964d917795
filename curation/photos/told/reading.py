"""What all files of one photo say, put together by the order of precedence of docs/files.md."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from curation.domain.faces.regions import StoredPicture
from curation.domain.judging.picks import Pick
from curation.domain.labelling.labels import same_name
from curation.domain.told.file_told import FileTold, ToldRegion
from curation.domain.told.places import RegionList, placed
from curation.errors import CurationError
from curation.photos.told.beside import MAX_SIDECAR_BYTES, Beside, FolderIndex
from curation.photos.told.blocks import NO_BLOCKS, FileBlocks, read_blocks
from curation.photos.told.picasa import PicasaFolder, contacts_of, parse_picasa
from curation.photos.told.resources import iptc_keywords
from curation.photos.told.takeout import takeout_words
from curation.photos.told.tiff_tags import ORIENTATION_TAG
from curation.photos.told.words import SourceWords, words_of_exif, words_of_keywords, words_of_packet
from curation.photos.xmp.packet import XmpPacket
from curation.regular_files import open_regular

__all__ = ["FolderReader"]

_DAMAGED = "a packet of XMP in the file is damaged and was not used"
_DAMAGED_BESIDE = "{} is damaged and was not used"
_TURNED_FROM = 5  # orientations that turn by a quarter
_OTHER_PICTURE = "its face regions belong to a picture of another shape and were not used"


class FolderReader:
    """Reads what is said of the photos of one folder. Not thread-safe."""

    def __init__(self, folder: Path, photos: Iterable[str], stored: Callable[[Path], StoredPicture | None]) -> None:
        """Look at the names in the folder.

        Args:
            folder: The folder.
            photos: Names of its files that are photos of the event.
            stored: Returns how a photo is stored; None if it cannot be opened. Asked only for photos with regions.
        """
        self.index = FolderIndex(folder)
        self._photos = frozenset(name.casefold() for name in photos)
        self._stored = stored
        self._picasa: PicasaFolder | None = None
        self._contacts: Mapping[str, str] = {}

    def beside(self, name: str) -> Beside:
        """The files beside a photo of this folder."""
        return self.index.beside(name, self._photos)

    def told(self, path: Path, beside: Beside) -> FileTold:
        """What the files of a photo say; a file that cannot be read says nothing.

        Args:
            path: Of the photo, in this folder.
            beside: The files beside it.
        """
        try:
            blocks = read_blocks(path)
        except OSError:
            blocks = NO_BLOCKS
        notes = list(blocks.notes)
        inside = _inside_words(blocks, notes)
        if beside.twin is not None:
            inside += _of_twin(beside.twin)
        sources = _by_date(self._beside_words(path, beside, notes), inside)
        sources += [words_of_exif(blocks.numbers), words_of_keywords(iptc_keywords(blocks.iptc))]
        if beside.json is not None:
            words = takeout_words(_content(beside.json))
            sources += [] if words is None else [words]
        if beside.picasa is not None:
            words, more = self._picasa_words(path.name, beside)
            notes += more
            sources += [] if words is None else [words]
        return self._joined(path, sources, notes, blocks.numbers.get(ORIENTATION_TAG, 1))

    def _beside_words(self, path: Path, beside: Beside, notes: list[str]) -> list[SourceWords]:
        out = []
        for sidecar in beside.packets:
            content = _content(sidecar)
            if not content.strip():
                continue
            words = _packet_words(content, b"")
            if words is None:
                notes.append(_DAMAGED_BESIDE.format(sidecar.name))
            elif self.index.is_for(path.name, sidecar, words.only_for, self._photos):
                out.append(words)
        return out

    def _picasa_words(self, name: str, beside: Beside) -> tuple[SourceWords | None, tuple[str, ...]]:
        if self._picasa is None:
            self._picasa = PicasaFolder() if beside.picasa is None else parse_picasa(_content(beside.picasa))
            self._contacts = {} if beside.contacts is None else contacts_of(_content(beside.contacts))
        return self._picasa.words(name, self._contacts)

    def _joined(self, path: Path, sources: Sequence[SourceWords], notes: list[str], orientation: int) -> FileTold:
        rating = next((words for words in sources if words.rating is not None), None)
        judged = _judged(sources)
        label = next((words for words in sources if words.label is not None), None)
        named = next((words for words in sources if words.names or words.regions), None)
        pick = None if judged is None else judged.pick
        regions = self._regions(path, sources, notes, orientation)
        placed_names = {same_name(region.name) for region in regions}
        names = () if named is None else tuple(name for name in named.names if same_name(name) not in placed_names)
        stars = (rating.rating or None) if rating is not None else None
        programs = [
            *([rating.program] if rating is not None and stars else []),
            *([judged.pick_program or judged.program] if judged is not None and pick else []),
            *([label.program] if label is not None and label.label else []),
            *(region.program for region in regions),
            *([named.program] if named is not None and names else []),
        ]
        return FileTold(
            stars,
            pick,
            (label.label or "") if label is not None else "",
            names,
            regions,
            tuple(dict.fromkeys(program for program in programs if program)),
            tuple(dict.fromkeys(notes)),
        )

    def _regions(
        self, path: Path, sources: Sequence[SourceWords], notes: list[str], orientation: int
    ) -> tuple[ToldRegion, ...]:
        first = next((words.regions for words in sources if words.regions), ())
        # What Picasa keeps beside the photos is said besides what it wrote into them.
        others = tuple(
            one for words in sources if words.program == "Picasa" for one in words.regions if one not in first
        )
        lists: tuple[RegionList, ...] = (*first, *others)
        picture = self._stored(path) if lists else None
        if picture is None:
            return ()
        regions, left_out = placed(lists, picture)
        if left_out and picture.orientation == 1 and orientation >= _TURNED_FROM:
            # HEIC counts as upright, because its decoders turn it; programs may have counted as its EXIF says.
            turned = StoredPicture(picture.height, picture.width, orientation)
            regions, left_out = placed(lists, turned)
        if left_out:
            notes.append(_OTHER_PICTURE)
        return regions


def _judged(sources: Sequence[SourceWords]) -> SourceWords | None:
    """The source whose pick counts; None if none does.

    Stars that are more trusted than the rating -1 take it back; a flag for "neither" takes back older flags, but not
    the marks of Picasa and Google, which have no such flag.
    """
    has_stars = is_neither = False
    for words in sources:
        is_flag = bool(words.pick_program)
        if words.pick is Pick.REJECTED and not is_flag:
            is_taken_back = has_stars or is_neither
        else:
            is_taken_back = is_flag and is_neither
        if words.pick is not None and not is_taken_back:
            return words
        is_neither = is_neither or (words.pick is None and words.is_judged)
        has_stars = has_stars or words.rating is not None
    return None


def _inside_words(blocks: FileBlocks, notes: list[str]) -> list[SourceWords]:
    out = []
    for number, packet in enumerate(blocks.xmp):
        words = _packet_words(packet, blocks.xmp_rest if number == 0 else b"")
        if words is None:
            notes.append(_DAMAGED)
        else:
            out.append(words)
    return out


def _of_twin(path: Path) -> list[SourceWords]:
    """What the RAW file beside a photo says; its regions belong to another picture, but of the same shape."""
    try:
        return _inside_words(read_blocks(path), [])
    except OSError:
        return []


def _packet_words(content: bytes, rest: bytes) -> SourceWords | None:
    """What a packet says; None if it is damaged."""
    try:
        try:
            packet = XmpPacket.parse(content, rest or None)
        except CurationError:
            if not rest:
                raise
            packet = XmpPacket.parse(content)
    except (CurationError, ValueError):
        return None
    return words_of_packet(packet)


def _by_date(beside: Sequence[SourceWords], inside: Sequence[SourceWords]) -> list[SourceWords]:
    """The packets, the most trusted first: of two that say when they were written the newer, else the one beside."""
    dated = sorted(
        (words for words in beside if words.written is not None),
        key=lambda words: words.written.timestamp() if words.written is not None else 0.0,
        reverse=True,
    )
    out = [*(words for words in beside if words.written is None), *dated]
    within = sorted(
        inside, key=lambda words: words.written.timestamp() if words.written is not None else -1e18, reverse=True
    )
    place = 0
    for words in within:
        while place < len(out) and not _is_newer(words, out[place]):
            place += 1
        out.insert(place, words)
        place += 1
    return out


def _is_newer(first: SourceWords, second: SourceWords) -> bool:
    return first.written is not None and second.written is not None and first.written > second.written


def _content(path: Path) -> bytes:
    """The content of a file beside a photo; empty if it cannot be read, or is too large to be one."""
    try:
        with open_regular(path) as file:
            content = file.read(MAX_SIDECAR_BYTES + 1)
    except OSError:
        return b""
    return content if len(content) <= MAX_SIDECAR_BYTES else b""
