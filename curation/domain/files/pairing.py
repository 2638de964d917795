"""Which RAW file and which picture are one photo: names propose pairs, evidence decides.

Two cameras both have an IMG_1234, so a name alone says nothing. A pair has one capture time and one camera; where a
file does not say one of them, the two have to look alike. What cannot be told stays two photos: a photo that is looked
at twice costs less than one that nobody sees.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple, Protocol

__all__ = [
    "NO_SHOT",
    "Pair",
    "Pairs",
    "ShotEvidence",
    "ShotFacts",
    "ShotFile",
    "cameras_agree",
    "is_one_shot",
    "pairs_of",
    "proposed",
    "shot_name",
    "stem_key",
    "times_differ",
]

_ALIKE_TIMED = 0.75
"""Likeness of two files of one second; of 1500 pairs of different photos one in a hundred reaches it."""
_ALIKE_ALONE = 0.9
"""Likeness where nothing else speaks for a pair: no two different photos of 1500 pairs came nearer than 0.85."""
_FRACTION_S = 0.01  # files may give the same fraction with two digits or with three
_STOOD_STILL = 40  # shots of one whole second: more than a camera takes, so its clock stood still
_MOST_OF_ONE_NAME = 64  # files of one name in different folders that are compared with each other

_MAKERS_PARTS = re.compile(r"\.(?:raw-\d\d\.(?:cover|original)|raw|mp|ms|portrait-\d\d\.\w+|night)$")
_PROGRAMS_PARTS = re.compile(
    r"(?:[ _.-]*(?:\(\d{1,3}\)|copy(?: ?\d{0,3})?|kopie(?: ?\d{0,3})?|edit(?:ed)?(?:-?\d{1,2})?|bearbeitet|developed"
    r"|enhanced(?:-nr)?|hdr|dxo(?:_\w+)?|web|small|bw|crop(?:ped)?|final|jpe?g|raw|dng)|-\d{1,2}|~\d{1,2})+$"
)
_IPHONE_EDIT = re.compile(r"^img_[eo](\d{4,})$")
_RAW_IN_STEM = re.compile(r"\.(?:3fr|arw|cr[23w]|dng|erf|iiq|kdc|mef|mrw|nef|nrw|orf|pef|raf|rw2|rwl|sr[2fw]|x3f)$")


@dataclass(frozen=True, slots=True)
class ShotFacts:
    """What a file says of its shot.

    Attributes:
        time: By the camera's clock, without a time zone, with the fraction of a second if the file gives one; None if
            unknown.
        camera: Maker and model as one name; empty if unknown.
        serial: Number of the camera's body; empty if unknown.
    """

    time: datetime | None = None
    camera: str = ""
    serial: str = ""


NO_SHOT = ShotFacts()


class ShotFile(NamedTuple):
    """A file that may be one of a pair: its folder, its name without the extension, and whether it is a RAW file."""

    folder: str
    stem: str
    is_raw: bool


class ShotEvidence(Protocol):
    """What is known of files, by their number."""

    def facts(self, number: int) -> ShotFacts:
        """What the file says."""

    def likeness(self, raw: int, photo: int) -> float | None:
        """How alike two files look, 1 for equal; None if one of them cannot be seen."""

    def is_lost(self, number: int) -> bool:
        """Whether it is known that the file holds no picture that can be used."""


class Pair(NamedTuple):
    """The numbers of a RAW file and of the picture that shows the same shot."""

    raw: int
    photo: int


class Pairs(NamedTuple):
    """What was found.

    Attributes:
        kept: For each RAW file of a pair, the picture that is kept for it.
        also: Other pictures of the same shots, such as a second development of a RAW file.
        unsure: Files that nothing sets apart, of which one cannot be seen; they stay two photos, and the RAW file may
            be what is left of the moment.
    """

    kept: tuple[Pair, ...]
    also: tuple[Pair, ...]
    unsure: tuple[Pair, ...]


@lru_cache(maxsize=2**17)
def stem_key(stem: str) -> str:
    """Equal for names of one file without their extension, in whatever case and form letters are written."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", stem).casefold())


@lru_cache(maxsize=2**17)
def shot_name(stem: str) -> str:
    """The part of a name that one shot's files share, without what makers and programs put around it.

    `_DSC1234` and `DSC1234` (Adobe RGB) have one, as have `DSC_1`, `DSC_1-2` and `DSC_1_edited`, `IMG_1 (1)` and
    `IMG_1`, `IMG_E1234` and `IMG_1234`, `PXL_1.RAW-01.COVER` and `PXL_1.RAW-02.ORIGINAL`. It only proposes: numbers at
    the end may be a shot's own.
    """
    key = stem_key(stem)
    for pattern in (_MAKERS_PARTS, _RAW_IN_STEM, _PROGRAMS_PARTS, _MAKERS_PARTS, _RAW_IN_STEM):
        key = pattern.sub("", key) or key
    return _IPHONE_EDIT.sub(r"img_\1", key).lstrip("_ ") or key


def pairs_of(files: Sequence[ShotFile], evidence: ShotEvidence) -> Pairs:
    """Find the pairs among the files of an event.

    Args:
        files: All that may be one of a pair, in an order that decides between equals.
        evidence: Asked for files whose names propose a pair only.
    """
    groups = proposed(files)
    facts = {number: evidence.facts(number) for group in groups for number in group}
    seconds = Counter(one.time.replace(microsecond=0) for one in facts.values() if one.time is not None)
    frozen = {second for second, count in seconds.items() if count > _STOOD_STILL}
    judge = _Judge(files, evidence, facts, frozen)
    kept: list[Pair] = []
    also: list[Pair] = []
    unsure: list[Pair] = []
    for group in groups:
        raws = [number for number in group if files[number].is_raw]
        photos = [number for number in group if not files[number].is_raw]
        for raw in raws:
            same = []
            for _, photo in sorted((judge.distance(raw, photo), photo) for photo in photos):
                verdict = judge.is_same(raw, photo)
                if verdict is None:
                    unsure.append(Pair(raw, photo))
                elif verdict and (judge.is_beside(raw, photo) or not judge.has_other_raw(raw, photo, raws)):
                    same.append(Pair(raw, photo))
            kept += same[:1]
            also += same[1:]
    return Pairs(tuple(kept), tuple(also), tuple(unsure))


def proposed(files: Sequence[ShotFile]) -> list[list[int]]:
    """Groups of numbers whose names are those of one shot, as far as they hold both a RAW file and a picture."""
    by_name: dict[str, list[int]] = defaultdict(list)
    raw_names = {shot_name(file.stem) for file in files if file.is_raw}
    if not raw_names:
        return []
    for number, file in enumerate(files):
        name = shot_name(file.stem)
        if name in raw_names:
            by_name[name].append(number)
    groups = [group for group in by_name.values() if len({files[number].is_raw for number in group}) == 2]
    out: list[list[int]] = []
    for group in groups:
        if len(group) <= _MOST_OF_ONE_NAME:
            out.append(group)
            continue
        # Names that say nothing, such as 1.jpg in a hundred folders: only files that lie beside each other.
        here: dict[tuple[str, str], list[int]] = defaultdict(list)
        for number in group:
            here[files[number].folder, stem_key(files[number].stem)].append(number)
        out += [part for part in here.values() if len({files[number].is_raw for number in part}) == 2]
    return out


class _Judge:
    """Decides about pairs, each once."""

    def __init__(
        self,
        files: Sequence[ShotFile],
        evidence: ShotEvidence,
        facts: Mapping[int, ShotFacts],
        frozen: Collection[datetime],
    ) -> None:
        self._files = files
        self._evidence = evidence
        self._facts = facts
        self._frozen = frozen
        self._known: dict[Pair, bool | None] = {}

    def is_beside(self, raw: int, photo: int) -> bool:
        """Whether they lie in one folder under one name."""
        one, other = self._files[raw], self._files[photo]
        return one.folder == other.folder and stem_key(one.stem) == stem_key(other.stem)

    def is_named_alike(self, raw: int, photo: int) -> bool:
        """Whether they have one name, wherever they lie."""
        one, other = (stem_key(self._files[number].stem).lstrip("_") for number in (raw, photo))
        return one == other

    def distance(self, raw: int, photo: int) -> int:
        """How far their places and names are apart: 0 for files beside each other."""
        if self.is_beside(raw, photo):
            return 0
        return 1 if self.is_named_alike(raw, photo) else 2

    def has_other_raw(self, raw: int, photo: int, raws: Sequence[int]) -> bool:
        """Whether another RAW file may as well be that of the picture: then nothing says which."""
        return any(self.is_same(other, photo) for other in raws if other != raw)

    def is_same(self, raw: int, photo: int) -> bool | None:
        """Whether they are one shot; None if it cannot be told."""
        pair = Pair(raw, photo)
        if pair not in self._known:
            self._known[pair] = self._judged(raw, photo)
        return self._known[pair]

    def _judged(self, raw: int, photo: int) -> bool | None:
        evidence, is_beside = self._evidence, self.is_beside(raw, photo)
        is_lost = evidence.is_lost(raw) or evidence.is_lost(photo)
        verdict = is_one_shot(
            self._facts[raw],
            self._facts[photo],
            lambda: None if is_lost else evidence.likeness(raw, photo),
            is_beside=is_beside,
            is_named_alike=self.is_named_alike(raw, photo),
            frozen=self._frozen,
        )
        return None if verdict and is_lost else verdict


def is_one_shot(
    raw: ShotFacts,
    photo: ShotFacts,
    likeness: Callable[[], float | None],
    *,
    is_beside: bool,
    is_named_alike: bool,
    frozen: Collection[datetime] = (),
) -> bool | None:
    """Whether two files are one shot; None if it cannot be told, because one of them cannot be seen.

    Args:
        raw: What the RAW file says.
        photo: What the picture says.
        likeness: Returns how alike they look, see `ShotEvidence.likeness`; asked only if the facts leave it open.
        is_beside: Whether they lie in one folder under one name.
        is_named_alike: Whether they have one name, wherever they lie.
        frozen: Whole seconds that say nothing, because the camera's clock stood still.
    """
    agree = cameras_agree(raw.camera, photo.camera)
    if times_differ(raw.time, photo.time) or agree is False:
        return False
    is_timed = raw.time is not None and photo.time is not None and raw.time.replace(microsecond=0) not in frozen
    # Two bodies of one model; as the two files may also write one number in two ways, the pictures decide.
    is_of_camera = agree is True and not (raw.serial and photo.serial and raw.serial != photo.serial)
    is_exact = is_timed and all(time is not None and time.microsecond for time in (raw.time, photo.time))
    if is_timed and is_of_camera and (is_named_alike or is_exact):
        return True
    if not is_beside and not is_timed:
        return False  # a name of another folder, and nothing else
    seen = likeness()
    if seen is None:
        return None
    return seen >= (_ALIKE_TIMED if is_timed and (is_beside or is_of_camera) else _ALIKE_ALONE)


def times_differ(one: datetime | None, other: datetime | None) -> bool:
    """Whether two capture times are of two shots: other seconds, or other fractions where both have one."""
    if one is None or other is None:
        return False
    if one.microsecond and other.microsecond:
        return abs((one - other).total_seconds()) >= _FRACTION_S
    return one.replace(microsecond=0) != other.replace(microsecond=0)


@lru_cache(maxsize=1024)
def cameras_agree(one: str, other: str) -> bool | None:
    """Whether two names are of one camera model; None if one of them says too little.

    `SONY ILCE-7M4` and `ILCE-7M4` are one; `Canon EOS 5D` and `Canon EOS 5D Mark IV` are two; `Canon` may be both.
    """
    words, others = _words(one), _words(other)
    if not words or not others:
        return None
    if words == others:
        return True
    short, long = sorted((words, others), key=len)
    if long[-len(short) :] == short and any(char.isdigit() for word in short for char in word):
        return True
    if len(short) == 1 and short[0] == long[0]:
        return None  # the maker alone
    return "".join(words) == "".join(others)


def _words(camera: str) -> list[str]:
    return re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", camera).casefold())
