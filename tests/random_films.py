"""Films with values of any kind that the types allow, for tests of what is written and read."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from curation.domain.attributes.values import AgeEstimate, ClassEstimate, FaceAttributes
from curation.domain.faces.face import AnalysedFace, Box, DetectedFace, FaceQuality, FiveLandmarks, Point
from curation.domain.film.clip import ClipFacts, ClipStatus, Shot
from curation.domain.film.people import FilmPerson, PosterFace, PosterResult, PosterStatus, TrailerResult
from curation.domain.film.times import Interval
from curation.domain.film.track import FilmAnalysis, Sighting, Track, TrackFace

_Value = TypeVar("_Value")

NAMES = (
    "",
    "Anna",
    "=1+1",
    "'=1+1",
    "@home",
    "-->",
    "<i>Ben</i>",
    'Carl "the\ngreat"',
    "Dora|M:x",
    "\r\n",
    "\u05d0\u05e0\u05d4 \N{PARTY POPPER}",
    "; #\\",
)


class RandomFilms:
    """A source of films; the same seed gives the same ones."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)

    def whole(self, low: int, high: int) -> int:
        return int(self._random.integers(low, high + 1))

    def coin(self) -> bool:
        return self.whole(0, 1) == 1

    def share(self) -> float:
        return float(self._random.random())

    def maybe(self, make: Callable[[], _Value]) -> _Value | None:
        return make() if self.coin() else None

    def name(self) -> str:
        return NAMES[self.whole(0, len(NAMES) - 1)]

    def time(self) -> Fraction:
        return Fraction(self.whole(0, 10**7), self.whole(1, 90_000))

    def span(self) -> Interval:
        start = self.time()
        return Interval(start, start + self.time())

    def box(self) -> Box:
        return Box(self.whole(0, 4000), self.whole(0, 4000), self.whole(1, 4000), self.whole(1, 4000))

    def landmarks(self) -> FiveLandmarks:
        return FiveLandmarks(*(Point(self.share() * 4000 - 9, self.share() * 4000 - 9) for _ in range(5)))

    def vector(self) -> NDArray[np.float32]:
        vector = self._random.normal(size=6).astype(np.float32)
        return vector / np.linalg.norm(vector)

    def age(self) -> AgeEstimate:
        return AgeEstimate(
            self.share() * 90, 20.0, 40.5, self.share(), self.coin(), (0.0, 50.0), (0.25, 0.75), "openvino"
        )

    def classes(self) -> ClassEstimate:
        return ClassEstimate(self.maybe(lambda: "female"), self.share(), ("female", "male"), (0.625, 0.375), "openvino")

    def attributes(self, *, with_ethnicity: bool) -> FaceAttributes | None:
        found = FaceAttributes(
            age=self.maybe(self.age),
            sex=self.maybe(self.classes),
            ethnicity=self.maybe(self.classes) if with_ethnicity else None,
        )
        return None if found == FaceAttributes() else found

    def face(self) -> TrackFace:
        quality = FaceQuality(self.whole(1, 500), self.share(), self.share() * 180 - 90, self.share())
        detected = DetectedFace(self.box(), self.landmarks(), self.share(), self.vector())
        analysed = AnalysedFace(detected, quality, bytes(self._random.bytes(self.whole(0, 9))))
        return TrackFace(self.time(), self.whole(0, 10**6), analysed, self.attributes(with_ethnicity=False))

    def sighting(self) -> Sighting:
        return Sighting(self.time(), self.whole(0, 10**6), self.box(), self.landmarks(), self.share())

    def track(self, shots: int) -> Track:
        faces = tuple(self.face() for _ in range(self.whole(0, 3)))
        return Track(
            self.whole(0, shots - 1),
            self.span(),
            tuple(self.sighting() for _ in range(self.whole(1, 3))),
            faces,
            self.vector() if faces else np.empty(0, dtype=np.float32),
            self.share(),
            self.share(),
        )

    def person(self, cluster_id: int, tracks: int) -> FilmPerson:
        return FilmPerson(
            cluster_id,
            self.name(),
            ("", "main", "important", "other")[self.whole(0, 3)],
            tuple(sorted({self.whole(0, tracks - 1) for _ in range(3)})),
            self.share(),
            tuple(self.span() for _ in range(self.whole(0, 3))),
            self.time(),
            self.share(),
            self.share(),
            self.share(),
            self.whole(0, 99),
            self.whole(0, tracks - 1),
            self.attributes(with_ethnicity=True),
            self.vector() if self.coin() else np.empty(0, dtype=np.float32),
        )

    def film(self) -> FilmAnalysis:
        shots = tuple(Shot(index, self.span(), self.box()) for index in range(self.whole(1, 3)))
        facts = ClipFacts(
            self.time(),
            self.whole(1, 8000),
            self.whole(1, 8000),
            90 * self.whole(0, 3),
            self.coin(),
            self.maybe(lambda: Fraction(self.whole(1, 60_000), 1001)),
            self.coin(),
            self.coin(),
            self.coin(),
            self.coin(),
            "h264",
            "01:00:00;00" if self.coin() else "",
            "2026-05-01T12:00:00" if self.coin() else "",
        )
        return FilmAnalysis(
            facts,
            tuple(ClipStatus)[self.whole(0, 2)],
            self.name(),
            tuple(range(self.whole(0, 3))),
            self.whole(0, 2000),
            self.whole(0, 10**6),
            self.whole(0, 10**6),
            self.share(),
            shots,
            tuple(self.track(len(shots)) for _ in range(self.whole(0, 4))),
            (self.name(),) if self.coin() else (),
        )

    def result(self) -> TrailerResult:
        film = self.film()
        people = self.whole(0, 4) if film.tracks else 0
        return TrailerResult(
            film,
            tuple(self.person(3 * number, len(film.tracks)) for number in range(people)),
            tuple(range(self.whole(0, len(film.tracks)))),
            "dlib",
            tuple((f"{n}.onnx", f"{n}" * 64) for n in range(self.whole(0, 2))),
            (("cluster_model", '"linkage"'),) if self.coin() else (),
        )

    def poster(self) -> PosterResult:
        return PosterResult(
            self.whole(1, 9000),
            self.whole(1, 9000),
            tuple(
                PosterFace(
                    number,
                    self.box(),
                    self.share(),
                    tuple(PosterStatus)[self.whole(0, 3)],
                    self.maybe(lambda: self.whole(0, 9)),
                    self.maybe(self.share),
                    self.maybe(self.share),
                    self.maybe(self.share),
                    self.share(),
                    self.attributes(with_ethnicity=True),
                    bytes(self._random.bytes(self.whole(0, 9))),
                )
                for number in range(self.whole(0, 3))
            ),
            self.whole(0, 3),
        )
