"""Films and posters as short tables for a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from curation.cli.terminal import counted, printable
from curation.domain.attributes.values import AgeEstimate, ClassEstimate, FaceAttributes
from curation.domain.film.clip import ClipStatus
from curation.domain.film.people import FilmPerson, PosterFace, PosterResult, PosterStatus, TrailerResult

__all__ = ["film_lines", "poster_lines", "time_left_text"]

_SHOWN_NAME = 24
_STATUS_WORDS = {
    PosterStatus.MATCHED: "",
    PosterStatus.UNMATCHED: "nobody of the film",
    PosterStatus.TOO_SMALL: "too small",
    PosterStatus.TOO_POOR: "too uncertain or too large",
}


def film_lines(name: str, result: TrailerResult) -> Iterator[str]:
    """A film and its characters, one on a line."""
    film = result.film
    width, height = film.facts.width, film.facts.height
    yield (
        f"{printable(name)}: {_clock(film.facts.duration)}, {width} x {height}, {counted(len(film.shots), 'shot')}, "
        f"{counted(len(film.tracks), 'appearance')}, {counted(len(result.people), 'character')}"
    )
    if film.status is not ClipStatus.OK:
        yield f"  {film.status}: {film.problem or 'not all of it could be looked at'}"
    if film.corrupt_count:
        yield f"  {counted(film.corrupt_count, 'picture')} damaged"
    for note in film.notes:
        yield f"  note: {note}"
    if result.people:
        yield from _aligned(
            ("character", "on screen", "share", "from", "to", "appearances", "area", *_attribute_words(result.people)),
            [_person(person, result.people) for person in result.people],
        )


def poster_lines(name: str, poster: PosterResult, trailer: TrailerResult | None = None) -> Iterator[str]:
    """A poster and its faces, one on a line."""
    matched = sum(face.status is PosterStatus.MATCHED for face in poster.faces)
    yield (
        f"{printable(name)}: {poster.width} x {poster.height}, {counted(len(poster.faces), 'face')}, {matched} of "
        f"characters, {poster.unmatched} of nobody"
    )
    names = {} if trailer is None else {person.cluster_id: _name(person) for person in trailer.people}
    if poster.faces:
        yield from _aligned(
            ("face", "at", "character", "distance", "next", "nearest face", "area"),
            [_poster_face(face, names) for face in poster.faces],
        )


def time_left_text(done: int, total: int, rate_per_s: float, seconds_left: float) -> str:
    """How far a catalogue is, and when it will be done."""
    rate = rate_per_s * 60
    return f"{done} of {total}, {rate:.3g} a minute, about {_clock(Fraction(round(seconds_left)))} left"


def _person(person: FilmPerson, people: Sequence[FilmPerson]) -> tuple[str, ...]:
    attributes = person.attributes or FaceAttributes()
    cells = [
        _name(person),
        f"{float(person.screen_time):.2f} s",
        f"{person.screen_share:.1%}",
        _clock(person.intervals[0].start) if person.intervals else "",
        _clock(person.intervals[-1].end) if person.intervals else "",
        str(len(person.intervals)),
        f"{person.occupied_area:.1%}",
    ]
    asked = _attribute_words(people)
    if "age" in asked:
        cells.append(_age(attributes.age))
    if "sex" in asked:
        cells.append(_class(attributes.sex))
    if "ethnicity" in asked:
        cells.append(_class(attributes.ethnicity))
    return tuple(cells)


def _attribute_words(people: Sequence[FilmPerson]) -> tuple[str, ...]:
    """What was read of anybody."""
    known = [person.attributes for person in people if person.attributes is not None]
    return tuple(word for word in ("age", "sex", "ethnicity") if any(getattr(each, word) is not None for each in known))


def _poster_face(face: PosterFace, names: dict[int, str]) -> tuple[str, ...]:
    who = _STATUS_WORDS[face.status]
    if face.cluster_id is not None:
        who = names.get(face.cluster_id, f"#{face.cluster_id}")
    x, y, w, h = face.box
    return (
        str(face.face_index),
        f"{x},{y} {w}x{h}",
        who,
        _distance(face.distance),
        _distance(face.next_distance),
        _distance(face.nearest_face_distance),
        f"{face.occupied_area:.2%}",
    )


def _name(person: FilmPerson) -> str:
    shown = printable(person.name)[:_SHOWN_NAME]
    return f"{shown} (#{person.cluster_id})" if shown else f"#{person.cluster_id}"


def _age(age: AgeEstimate | None) -> str:
    if age is None or not age.is_known:
        return "cannot tell"
    return f"{age.years:.0f} ({age.low:.0f} to {age.high:.0f})"


def _class(estimate: ClassEstimate | None) -> str:
    if estimate is None or estimate.answer is None:
        return "cannot tell"
    return f"{estimate.answer} ({estimate.certainty:.2f})"


def _distance(distance: float | None) -> str:
    return "" if distance is None else f"{distance:.2f}"


def _clock(time: Fraction) -> str:
    """Minutes and seconds, with hours where there are any."""
    tenths = round(time * 10)
    minutes, left = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{left // 10:02d}.{left % 10}"
    return f"{hours}:{minutes:02d}:{seconds}" if hours else f"{minutes}:{seconds}"


def _aligned(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(len(row[place]) for row in (header, *rows)) for place in range(len(header))]
    for row in (header, *rows):
        cells = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield f"  {cells}".rstrip()
