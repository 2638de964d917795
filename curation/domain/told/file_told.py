"""What the files of one photo say: the words of other programs, which are never mixed with the user's words here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from curation.domain.faces.face import Box
from curation.domain.judging.photo_score import PhotoScore
from curation.domain.judging.picks import Pick
from curation.domain.labelling.labels import same_name

__all__ = ["NOTHING_TOLD", "FileTold", "ToldRegion", "columns_of", "told_words", "with_told"]

_SEPARATOR = "; "  # of photo_scores.csv's lists


class ToldRegion(NamedTuple):
    """A named face.

    Attributes:
        name: Of the person, see `curation.domain.told.names.person_name`.
        box: In pixels of the upright full-size photo, clipped to it.
        program: Which program said it, as far as that is known; empty if not.
    """

    name: str
    box: Box
    program: str = ""


@dataclass(frozen=True, slots=True)
class FileTold:
    """What the files of one photo say; every part may be missing.

    Attributes:
        rating: 1 to 5 stars; None without stars.
        pick: Picked or rejected by another program; None for neither.
        label: The colour label as the program writes it, such as `Red`; empty without one.
        names: Of people who are said to be in the photo, without a place.
        regions: Named faces.
        programs: The programs that said any of it, as far as they are known.
        notes: What could not be used, as ends of sentences that begin with the photo's name.
    """

    rating: int | None = None
    pick: Pick | None = None
    label: str = ""
    names: tuple[str, ...] = ()
    regions: tuple[ToldRegion, ...] = ()
    programs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def says_anything(self) -> bool:
        """Whether there is anything besides notes."""
        return bool(self.rating or self.pick or self.label or self.names or self.regions)

    @property
    def people(self) -> tuple[str, ...]:
        """All names, those with a place first; each name once, however it is spelt."""
        out: dict[str, str] = {}
        for name in (*(region.name for region in self.regions), *self.names):
            out.setdefault(same_name(name), name)
        return tuple(out.values())


NOTHING_TOLD = FileTold()
"""A photo whose files say nothing."""


def told_words(told: FileTold) -> str:
    """What the files say in one line: `4 stars, rejected, red, Anna (Lightroom)`; empty if they say nothing."""
    words = []
    if told.rating is not None:
        words.append("1 star" if told.rating == 1 else f"{told.rating} stars")
    if told.pick is not None:
        words.append(told.pick.value)
    if told.label:
        words.append(told.label.lower() if told.label.isascii() else told.label)
    words += told.people
    programs = f" ({', '.join(told.programs)})" if told.programs else ""
    return ", ".join(words) + programs if words else ""


def with_told(scores: Iterable[PhotoScore], told: Mapping[str, FileTold]) -> list[PhotoScore]:
    """Scores with what the files say in their columns; those that do not change are the same objects.

    Args:
        scores: In any order.
        told: By image path; photos that are not in it say nothing.
    """
    return [_with_columns(score, told.get(score.image_path, NOTHING_TOLD)) for score in scores]


def _with_columns(score: PhotoScore, told: FileTold) -> PhotoScore:
    people = _SEPARATOR.join(told.people)
    now = (score.file_rating, score.file_pick, score.file_people, score.file_label)
    if now == (told.rating, told.pick, people, told.label):
        return score
    return replace(score, file_rating=told.rating, file_pick=told.pick, file_people=people, file_label=told.label)


def columns_of(scores: Sequence[PhotoScore], table: Sequence[PhotoScore]) -> list[PhotoScore]:
    """Scores with the columns of what the files say as a table has them, for when the files were not read here.

    Args:
        scores: In any order.
        table: The table that was written last.
    """
    by_path = {row.image_path: row for row in table}
    out = []
    for score in scores:
        row = by_path.get(score.image_path)
        if row is not None and row is not score:
            now = (score.file_rating, score.file_pick, score.file_people, score.file_label)
            then = (row.file_rating, row.file_pick, row.file_people, row.file_label)
            if now != then:
                score = replace(
                    score,
                    file_rating=row.file_rating,
                    file_pick=row.file_pick,
                    file_people=row.file_people,
                    file_label=row.file_label,
                )
        out.append(score)
    return out
