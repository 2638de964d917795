"""What a batch of pictures came to, in numbers: ages, sexes, faces of each picture, errors and latency."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from curation.domain.attributes.values import AttributedFace
from curation.services.role import Role
from curation.services.trail.line import TrailLine

__all__ = [
    "AGE_BIN_YEARS",
    "BatchFigures",
    "Latency",
    "LogFacts",
    "PersonFacts",
    "TimeBin",
    "figures_of",
    "person_facts",
]

AGE_BIN_YEARS = 5
"""Width of a bar of ages."""

_OLDEST = 100
_MOST_FACTS = 500_000  # of each kind; a day of five pictures a second
_TIME_BINS = 40
_ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """Age and sex of a face as far as they can be told; None where they cannot."""

    years: float | None
    sex: str | None


@dataclass(frozen=True, slots=True)
class Latency:
    """How long a step of a role took, in seconds."""

    role: str
    step: str
    count: int
    p50_s: float
    p95_s: float
    longest_s: float


@dataclass(frozen=True, slots=True)
class TimeBin:
    """A part of the batch's time.

    Attributes:
        start: UTC, as ISO 8601.
        seconds: Its length.
        pictures: Answers of image_input in it.
        errors: Steps that failed in it.
        p50_s: Median time to an answer; None without one.
        p95_s: 95 % of the answers took no longer; None without one.
    """

    start: str
    seconds: float
    pictures: int
    errors: int
    p50_s: float | None
    p95_s: float | None


@dataclass(frozen=True, slots=True)
class BatchFigures:
    """The numbers behind the charts.

    Attributes:
        start: Time of the first line, UTC, as ISO 8601; empty without lines.
        end: Time of the last one.
        pictures: Different pictures that were answered.
        faces: Number of faces on them.
        faces_per_picture: How many pictures have how many faces, ascending.
        ages: How many faces fall into each bar of `AGE_BIN_YEARS` years, by its first year and by sex (`female`,
            `male`, `unknown`); ascending.
        ages_unknown: Faces whose age cannot be told, or was not read.
        sexes: How many faces are `female`, `male` or `unknown`.
        without_result: Pictures of `pictures` whose result is neither in Redis nor in a file, so that ages and sexes
            lack their faces.
        errors: How often each error came, by role and code; most frequent first.
        latencies: Of each step of each role, in the order of the roles.
        timeline: The batch's time in parts of the same length.
    """

    start: str
    end: str
    pictures: int
    faces: int
    faces_per_picture: tuple[tuple[int, int], ...]
    ages: tuple[tuple[int, Mapping[str, int]], ...]
    ages_unknown: int
    sexes: Mapping[str, int]
    without_result: int
    errors: tuple[tuple[str, str, int], ...]
    latencies: tuple[Latency, ...]
    timeline: tuple[TimeBin, ...]

    def document(self) -> dict[str, Any]:
        """The numbers as JSON, with keys that say what they are."""
        return {
            "start": self.start,
            "end": self.end,
            "pictures": self.pictures,
            "faces": self.faces,
            "faces_per_picture": [{"faces": faces, "pictures": count} for faces, count in self.faces_per_picture],
            "ages": [{"from": first, "below": first + AGE_BIN_YEARS, **dict(by_sex)} for first, by_sex in self.ages],
            "ages_unknown": self.ages_unknown,
            "sexes": dict(self.sexes),
            "without_result": self.without_result,
            "errors": [{"role": role, "code": code, "count": count} for role, code, count in self.errors],
            "latencies": [
                {
                    "role": each.role,
                    "step": each.step,
                    "count": each.count,
                    "p50_s": each.p50_s,
                    "p95_s": each.p95_s,
                    "longest_s": each.longest_s,
                }
                for each in self.latencies
            ],
            "timeline": [
                {
                    "start": each.start,
                    "seconds": each.seconds,
                    "pictures": each.pictures,
                    "errors": each.errors,
                    "p50_s": each.p50_s,
                    "p95_s": each.p95_s,
                }
                for each in self.timeline
            ],
        }


def person_facts(face: AttributedFace) -> PersonFacts:
    """What is told of a face in charts: only what may be used, see `AgeEstimate.is_known`."""
    age, sex = face.attributes.age, face.attributes.sex
    return PersonFacts(
        years=age.years if age is not None and age.is_known else None,
        sex=sex.answer if sex is not None else None,
    )


class LogFacts:
    """What the charts need of the log, and no more; the oldest go when there are too many."""

    def __init__(self) -> None:
        self._pictures: dict[str, tuple[str, int]] = {}  # hash: time of the answer, number of faces
        self._answers: deque[tuple[str, float]] = deque(maxlen=_MOST_FACTS)
        self._runtimes: deque[tuple[str, str, str, float]] = deque(maxlen=_MOST_FACTS)
        self._errors: deque[tuple[str, str, str]] = deque(maxlen=_MOST_FACTS)

    def add(self, line: TrailLine) -> None:
        """Take a line; each must come once."""
        if line.is_error:
            self._errors.append((line.time, line.role, line.code or line.step))
            return
        if line.runtime_s is not None:
            self._runtimes.append((line.time, line.role, line.step, line.runtime_s))
        if line.role == Role.IMAGE_INPUT and line.step == _ANSWERED:
            if line.runtime_s is not None:
                self._answers.append((line.time, line.runtime_s))
            if line.sha256 and line.faces is not None:
                self._pictures.pop(line.sha256, None)
                self._pictures[line.sha256] = (line.time, line.faces)
                if len(self._pictures) > _MOST_FACTS:
                    del self._pictures[next(iter(self._pictures))]

    def forget_before(self, moment: datetime) -> None:
        """Let go of what is older."""
        limit = moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        for facts in (self._answers, self._runtimes, self._errors):
            while facts and facts[0][0] < limit:
                facts.popleft()
        for sha256 in [sha256 for sha256, (time, _) in self._pictures.items() if time < limit]:
            del self._pictures[sha256]

    @property
    def pictures(self) -> tuple[str, ...]:
        """Hashes of all pictures that were answered."""
        return tuple(self._pictures)

    def figures(self, people: Mapping[str, Sequence[PersonFacts]]) -> BatchFigures:
        """The numbers.

        Args:
            people: Age and sex of the faces of each picture whose result was found, by its hash.
        """
        times = [fact[0] for facts in (self._answers, self._runtimes, self._errors) for fact in facts]
        faces = [count for _, count in self._pictures.values()]
        found = [person for sha256 in self._pictures for person in people.get(sha256, ())]
        return BatchFigures(
            start=min(times, default=""),
            end=max(times, default=""),
            pictures=len(self._pictures),
            faces=sum(faces),
            faces_per_picture=tuple(sorted(Counter(faces).items())),
            ages=_ages(found),
            ages_unknown=sum(person.years is None for person in found),
            sexes={
                sex: sum((person.sex or "unknown") == sex for person in found) for sex in ("female", "male", "unknown")
            },
            without_result=sum(count > 0 and sha256 not in people for sha256, (_, count) in self._pictures.items()),
            errors=tuple(
                (role, code, count)
                for (role, code), count in sorted(
                    Counter((role, code) for _, role, code in self._errors).items(),
                    key=lambda each: (-each[1], each[0]),
                )
            ),
            latencies=_latencies(self._runtimes),
            timeline=_timeline(self._answers, [time for time, *_ in self._errors]),
        )


def figures_of(lines: Iterable[TrailLine], people: Mapping[str, Sequence[PersonFacts]]) -> BatchFigures:
    """The numbers of these lines; see `LogFacts.figures`."""
    facts = LogFacts()
    for line in lines:
        facts.add(line)
    return facts.figures(people)


def _ages(people: Sequence[PersonFacts]) -> tuple[tuple[int, Mapping[str, int]], ...]:
    bars: dict[int, Counter[str]] = {}
    for person in people:
        if person.years is not None:
            first = AGE_BIN_YEARS * int(min(max(person.years, 0), _OLDEST - 1) // AGE_BIN_YEARS)
            bars.setdefault(first, Counter())[person.sex or "unknown"] += 1
    if not bars:
        return ()
    every = range(min(bars), max(bars) + 1, AGE_BIN_YEARS)
    return tuple(
        (first, {sex: bars.get(first, Counter())[sex] for sex in ("female", "male", "unknown")}) for first in every
    )


def _latencies(runtimes: Iterable[tuple[str, str, str, float]]) -> tuple[Latency, ...]:
    by_step: dict[tuple[str, str], list[float]] = {}
    for _, role, step, runtime_s in runtimes:
        by_step.setdefault((role, step), []).append(runtime_s)
    order = {role.value: number for number, role in enumerate(Role)}
    return tuple(
        Latency(role, step, len(found), _percentile(found, 50), _percentile(found, 95), max(found))
        for (role, step), found in sorted(
            by_step.items(),
            key=lambda each: (order.get(each[0][0], len(order)), each[0][0], -sum(each[1]) / len(each[1])),
        )
    )


def _timeline(answers: Sequence[tuple[str, float]], errors: Sequence[str]) -> tuple[TimeBin, ...]:
    moments = [_seconds(time) for time, _ in answers]
    failures = [_seconds(time) for time in errors]
    if not moments and not failures:
        return ()
    start, end = min([*moments, *failures]), max([*moments, *failures])
    width = _width(end - start)
    start = width * math.floor(start / width)
    bins: list[tuple[list[float], list[float]]] = [([], []) for _ in range(int((end - start) // width) + 1)]
    for moment, (_, runtime_s) in zip(moments, answers, strict=True):
        bins[int((moment - start) // width)][0].append(runtime_s)
    for moment in failures:
        bins[int((moment - start) // width)][1].append(moment)
    return tuple(
        TimeBin(
            start=datetime.fromtimestamp(start + number * width, UTC).isoformat().replace("+00:00", "Z"),
            seconds=width,
            pictures=len(runtimes),
            errors=len(failed),
            p50_s=_percentile(runtimes, 50) if runtimes else None,
            p95_s=_percentile(runtimes, 95) if runtimes else None,
        )
        for number, (runtimes, failed) in enumerate(bins)
    )


def _width(seconds: float) -> float:
    """A round length of the parts of the timeline, so that there are at most `_TIME_BINS`."""
    for width in (1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0):
        if seconds / width <= _TIME_BINS:
            return width
    return 3600.0 * math.ceil(seconds / 3600.0 / _TIME_BINS)


def _seconds(time: str) -> float:
    return datetime.fromisoformat(time).timestamp()


def _percentile(values: Sequence[float], percent: int) -> float:
    """The smallest value that `percent` of the values do not exceed."""
    ordered = sorted(values)
    return round(ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)], 4)
