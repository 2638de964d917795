"""The best photo of each burst, and why it is better than the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from curation.domain.bursts.finding import BurstPhoto, BurstRules, find_bursts
from curation.domain.judging.photo_facts import FaceFacts, PhotoFacts, ScoredFace, ScoringInput, photo_facts
from curation.domain.judging.photo_score import PhotoScore
from curation.domain.judging.score_summary import POOR_EXPOSURE
from curation.domain.judging.scoring_rules import ScoringRules

__all__ = ["event_bursts", "mark_bursts", "well_seen_people"]

_SMALL_FACE = 0.5  # of the largest face of the photo: passers-by come and go between the photos of a burst
_CLEARLY_SOFTER = 0.25  # than the same face elsewhere in the burst, in values of the measure
_WELL_LIT = 0.6  # exposure from which a face is lit as it should be
_RUINED = 0.2  # exposure below which most of a face is white or black
_SAME_SCORE = 0.02  # scores of copies in different sizes differ by less; then the larger one is better
_PROFILE_DEG = 40.0  # faces turned further are sometimes identified as somebody else


def well_seen_people(faces: Sequence[ScoredFace]) -> frozenset[str]:
    """Keys of the people who are certainly in a photo: identified, not small, not in profile."""
    largest = max((face.measures.size_px for face in faces), default=0)
    return frozenset(
        face.person.key
        for face in faces
        if face.person is not None
        and face.measures.size_px >= _SMALL_FACE * largest
        and abs(face.measures.yaw_deg) <= _PROFILE_DEG
    )


def event_bursts(
    inputs: Mapping[str, ScoringInput], bursts: BurstRules, steps_s: Mapping[str, float] | None = None
) -> list[tuple[str, ...]]:
    """Find the bursts of an event; they depend on pixels, times and people, but not on scores.

    Args:
        inputs: The photos that could be measured, by image path.
        bursts: Rules for bursts.
        steps_s: The steps of the clocks of photos that do not show seconds, by image path.

    Returns:
        See `curation.domain.bursts.finding.find_bursts`.
    """
    return find_bursts(
        [
            BurstPhoto(
                path,
                photo.measures.capture_time,
                photo.measures.width,
                photo.measures.height,
                photo.measures.miniature,
                well_seen_people(photo.faces),
                (steps_s or {}).get(path, 0.0),
            )
            for path, photo in inputs.items()
            if photo.measures.miniature is not None
        ],
        bursts,
    )


def mark_bursts(
    scores: Sequence[PhotoScore],
    inputs: Mapping[str, ScoringInput],
    found: Iterable[Sequence[str]],
    rules: ScoringRules,
    facts: Mapping[str, PhotoFacts] | None = None,
) -> list[PhotoScore]:
    """Number the bursts, and mark the best photo of each.

    The photos of a burst are compared by these criteria, in this order: not ruined by the exposure though another
    photo of the burst is well exposed; not vetoed; the fewest main people who are missing, blink, are badly exposed
    though another photo shows them well lit, or are clearly softer than elsewhere in the burst (eyes that cannot be
    told are half a fault); the same for important people; the higher score; with nearly the same score, the larger
    photo; the sharper one; the first by name.

    Args:
        scores: Scores of the event, in any order.
        inputs: The photos that could be measured, by image path.
        found: The bursts, see `event_bursts`.
        rules: The rules that the scores were made with.
        facts: Facts of the photos with the thresholds of these rules; None computes them.

    Returns:
        The scores in the given order, with `burst_id`, `burst_rank`, `best_of_burst` and a note in `results_string`.
    """
    known = {score.image_path: score for score in scores if score.image_path in inputs}
    marked: dict[str, PhotoScore] = {}
    for number, paths in enumerate(found, start=1):
        ranked = _ranked([_contender(known[path], inputs[path], rules, facts) for path in paths])
        best = ranked[0]
        for place, one in enumerate(ranked, start=1):
            word = f"best of {len(ranked)}" if one is best else _better(best, one)
            marked[one.score.image_path] = replace(
                one.score,
                results_string=f"{one.score.results_string} · {word}",
                burst_id=number,
                best_of_burst=one is best,
                burst_rank=place,
            )
    return [marked.get(score.image_path, score) for score in scores]


@dataclass(frozen=True, slots=True, eq=False)
class _Contender:
    score: PhotoScore
    facts: PhotoFacts
    pixels: int


def _contender(
    score: PhotoScore, photo: ScoringInput, rules: ScoringRules, known: Mapping[str, PhotoFacts] | None
) -> _Contender:
    facts = known.get(score.image_path) if known is not None else None
    if facts is None:
        facts = photo_facts(photo.faces, photo.measures.focus, rules.thresholds, rules.excuses)
    return _Contender(score, facts, photo.measures.width * photo.measures.height)


@dataclass(frozen=True, slots=True)
class _Faults:
    """What is wrong with the people of one category."""

    missing: int
    blinking: int
    exposed: int
    soft: int
    turned: int

    @property
    def total(self) -> float:
        """A face whose eyes cannot be told is better than a blink, and not as good as open eyes."""
        return self.missing + self.blinking + self.exposed + self.soft + 0.5 * self.turned


@dataclass(frozen=True, slots=True)
class _AtBest:
    """The best focus and exposure of the face of each person who is in any photo of a burst, by the person's key."""

    focus: Mapping[str, float]
    exposure: Mapping[str, float]


def _faults(people: Sequence[FaceFacts], best: _AtBest) -> _Faults:
    present = {face.person.key: face for face in people if face.person is not None}
    badly_lit = {key for key, face in present.items() if _is_badly_lit(face.exposure, best.exposure[key])}
    return _Faults(
        missing=len(best.focus.keys() - present.keys()),
        blinking=sum(face.blinks for face in people),
        exposed=len(badly_lit),
        # Compared with the same face in the burst: a person who is sharp in none of its photos does not matter. Of a
        # face that is white or black the focus says nothing more.
        soft=sum(
            (face.focus or 0.0) < best.focus[key] - _CLEARLY_SOFTER
            for key, face in present.items()
            if key not in badly_lit
        ),
        turned=sum(face.eyes_open is None for face in people),
    )


def _is_badly_lit(exposure: float | None, at_best: float) -> bool:
    """Of a face that another photo of the burst shows well lit."""
    return exposure is not None and exposure < POOR_EXPOSURE and at_best >= _WELL_LIT


def _at_best(photos: Sequence[Sequence[FaceFacts]]) -> _AtBest:
    focus: dict[str, float] = {}
    exposure: dict[str, float] = {}
    known = [(face.person.key, face) for people in photos for face in people if face.person is not None]
    for key, face in known:
        exposure[key] = max(exposure.get(key, 0.0), face.exposure or 0.0)
    for key, face in known:
        # The hard edges of a blown face pass for sharpness, so it does not make the others soft.
        sharpness = 0.0 if _is_badly_lit(face.exposure, exposure[key]) else face.focus or 0.0
        focus[key] = max(focus.get(key, 0.0), sharpness)
    return _AtBest(focus, exposure)


def _light(one: _Contender) -> float | None:
    """The exposure of the key people of a photo; without them, of whoever counts, or of the whole photo."""
    of_faces = [face.exposure for face in one.facts.key_people if face.exposure is not None]
    return sum(of_faces) / len(of_faces) if of_faces else one.score.exposure_score


@dataclass(frozen=True, slots=True, eq=False)
class _Ranked:
    score: PhotoScore
    is_ruined: bool
    main: _Faults
    important: _Faults
    pixels: int


def _ranked(contenders: Sequence[_Contender]) -> list[_Ranked]:
    """Best first."""
    main = _at_best([one.facts.main for one in contenders])
    important = _at_best([one.facts.important for one in contenders])
    lights = [_light(one) for one in contenders]
    well_lit = any(light is not None and light >= _WELL_LIT for light in lights)
    return sorted(
        (
            _Ranked(
                one.score,
                well_lit and light is not None and light < _RUINED,
                _faults(one.facts.main, main),
                _faults(one.facts.important, important),
                one.pixels,
            )
            for one, light in zip(contenders, lights, strict=True)
        ),
        key=_order,
    )


def _order(one: _Ranked) -> tuple[bool, bool, float, float, int, int, float, float, str]:
    score = one.score
    final = score.final_score or 0.0
    return (
        one.is_ruined,
        bool(score.vetoes),
        one.main.total,
        one.important.total,
        -round(final / _SAME_SCORE),
        -one.pixels,
        -round(final, 4),  # as the table shows it
        -round(score.focus_score or 0.0, 4),
        score.image_path,
    )


def _better(best: _Ranked, other: _Ranked) -> str:
    """Like `IMG_0132.jpg of the same burst is better: eyes open`."""
    folder, _, name = best.score.image_path.rpartition("/")
    if folder != other.score.image_path.rpartition("/")[0]:
        name = best.score.image_path
    return f"{name} of the same burst is better: {_reason(best, other)}"


def _reason(best: _Ranked, other: _Ranked) -> str:
    if other.is_ruined and not best.is_ruined:
        return "better light"
    for a, b in ((best.main, other.main), (best.important, other.important)):
        if a.total < b.total:
            lead = [(b.blinking - a.blinking, "eyes open"), (b.missing - a.missing, "more people seen")]
            lead += [(b.exposed - a.exposed, "better light")]
            lead += [(b.soft - a.soft, "sharper"), (b.turned - a.turned, "a face less turned away")]
            return max(lead, key=lambda item: item[0])[1]
    if bool(best.score.vetoes) != bool(other.score.vetoes):
        return f"not vetoed ({other.score.vetoes})"
    if _order(best)[4:6] == _order(other)[4:6]:
        decisive = _order(best)[6] < _order(other)[6]
    else:
        decisive = _order(best)[4] < _order(other)[4]
    if decisive:
        gains = [(_gain(of, best, other), word) for of, word in _COMPONENTS]
        gain, word = max(gains, key=lambda item: item[0])
        return word if gain > 0 else "higher score"
    if best.pixels > other.pixels:
        return "larger"
    return "sharper" if _order(best)[7] < _order(other)[7] else "the first of equals"


_COMPONENTS: tuple[tuple[Callable[[PhotoScore], float | None], str], ...] = (
    (lambda score: score.eyes_score, "eyes more open"),
    (lambda score: score.smile_score, "a better smile"),
    (lambda score: score.focus_score, "sharper"),
    (lambda score: score.people_score, "more people"),
    (lambda score: score.exposure_score, "better light"),
    (lambda score: score.picture_score, "a cleaner picture"),
)


def _gain(of: Callable[[PhotoScore], float | None], best: _Ranked, other: _Ranked) -> float:
    return (of(best.score) or 0.0) - (of(other.score) or 0.0)
