"""Times in odd files: cut from one clip, so that the same people are seen at the same times in all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from benchmarks.evaluation.tables import Table
from curation.domain.faces.face import Box
from curation.domain.film.clip import ClipFacts
from curation.domain.film.people import TrailerResult
from curation.errors import CurationError
from ground_truth.films.looking import FilmProgram
from ground_truth.films.results import seen_in
from ground_truth.films.scoring import scored
from ground_truth.films.truth import LabelledFilm, NamedFace, TruePicture, labelled_clip, picture_times

__all__ = ["odd_truth", "times_table"]

_FILES: Mapping[str, str] = MappingProxyType(
    {
        "base.mp4": "as cut",
        "frag.mp4": "in fragments, begins late",
        "ts.ts": "transport stream, clock begins at 1.44 s",
        "vfr.mp4": "variable rate",
        "vp9.webm": "WebM, whole milliseconds",
        "rot90.mp4": "turned by 90 degrees in the file",
        "rot180.mp4": "turned by 180 degrees in the file",
        "hflip.mp4": "mirrored in the file",
        "sar.mp4": "pixels that are not square",
        "inter.mp4": "interlaced",
        "pq10.mp4": "HDR",
        "corrupt.mp4": "damaged within",
        "trunc_fast.mp4": "cut off",
        "anim.gif": "GIF, 8 a second",
    }
)
_CLIP, _WIDTH, _HEIGHT = "yakhyo", 1280, 720
_FIRST = 56  # the picture of the clip with which the files begin


def times_table(data: Path, program: FilmProgram) -> Table:
    """One row for each odd file."""
    clip = labelled_clip(data, _CLIP)
    rows = []
    for name, words in _FILES.items():
        path = data / "photos" / "videos" / "odd" / name
        if not path.is_file():
            continue
        try:
            result = program.result(path)
        except CurationError as error:
            rows.append([f"{name}: {words}", *[""] * 4, str(error).splitlines()[0]])
            continue
        rows.append(_row(f"{name}: {words}", clip, path, result))
    return Table(
        "Odd files, all cut from the same four seconds of yakhyo (two people, a cut, two others; recoded at half the "
        "size): worst error of the time at which a person comes or goes, and of the screen time, in pictures of the "
        "file. Damaged and cut-off files: as far as they can be decoded.",
        ("file", "F", "identities", "come and go, error in pictures", "screen time, error in pictures", "status"),
        rows,
    )


def odd_truth(clip: LabelledFilm, path: Path, facts: ClipFacts) -> list[TruePicture]:
    """The faces of a file that was cut from a clip, by time since the first picture, as its players show it."""
    cut = clip.pictures[_FIRST:]
    times = picture_times(path)
    truth = []
    for number, (time, duration) in enumerate(times):
        since = float(time - times[0][0])
        source = min(cut, key=lambda picture: abs(picture.time_s - cut[0].time_s - since))
        faces = tuple(NamedFace(face.person, face.counts, _shown(face.box, facts)) for face in source.faces)
        truth.append(TruePicture(number, float(time), float(duration), faces))
    return truth


def _shown(box: Box, facts: ClipFacts) -> Box:
    """A box of the clip in a picture as it is shown: reduced, mirrored and turned; stored are the clip's own ones."""
    sides = (facts.width, facts.height)
    across, down = (side / whole for side, whole in zip(_stored(sides, facts), (_WIDTH, _HEIGHT), strict=True))
    x, y, w, h = (round(value) for value in (box.x * across, box.y * down, box.w * across, box.h * down))
    width, height = _stored(sides, facts)
    if facts.is_mirrored:
        x = width - x - w
    for _ in range(facts.rotation_deg // 90):
        x, y, w, h = height - y - h, x, h, w
        width, height = height, width
    return Box(x, y, w, h)


def _stored(sides: tuple[int, int], facts: ClipFacts) -> tuple[int, int]:
    return sides if facts.rotation_deg % 180 == 0 else (sides[1], sides[0])


def _row(title: str, clip: LabelledFilm, path: Path, result: TrailerResult) -> list[str]:
    truth = _decoded(odd_truth(clip, path, result.film.facts), result)
    score = scored(truth, seen_in(result, truth))
    picture_s = sorted(picture.duration_s for picture in truth)[len(truth) // 2]
    people = {str(person.cluster_id): person for person in result.people}
    ends_off, lasts_off = [], []
    for time in score.times:
        if time.identity is None:
            continue
        person = people[time.identity]
        # Whoever turns aside is still there.
        seen = [one for one in truth if any(face.person == time.person for face in one.faces)]
        begins, ends = seen[0].time_s, seen[-1].time_s + seen[-1].duration_s
        ends_off += [abs(float(person.intervals[0].start) - begins), abs(float(person.intervals[-1].end) - ends)]
        lasts_off.append(abs(float(person.screen_time) - sum(one.duration_s for one in seen)))
    return [
        title,
        f"{score.f:.3f}",
        f"{score.identities}+{score.false_identities}/{score.people}",
        f"{max(ends_off, default=0.0) / picture_s:.1f}",
        f"{max(lasts_off, default=0.0) / picture_s:.1f}",
        result.film.status.value,
    ]


def _decoded(truth: Sequence[TruePicture], result: TrailerResult) -> list[TruePicture]:
    """The pictures up to the end of what could be decoded."""
    end = float(result.film.shots[-1].span.end) if result.film.shots else 0.0
    return [picture for picture in truth if picture.time_s < end - 1e-3]
