"""Age, sex and ethnicity of labelled faces that no constant was chosen on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.evaluation.tables import Table
from curation.domain.attributes.values import AgeEstimate, ClassEstimate
from ground_truth.attribute_faces import (
    ADULT_YEARS,
    ETHNICITIES,
    READERS,
    LabelledFace,
    labelled_faces,
    measured_reader,
)
from ground_truth.engines import small_engine
from ground_truth.errors import Unavailable
from ground_truth.evaluation import Evaluation

__all__ = ["ReadFace", "by_age", "by_group", "by_reader", "ethnicities", "tables"]

_BANDS = (("1 to 12", 0, 13), ("13 to 19", 13, 20), ("20 to 39", 20, 40), ("40 to 59", 40, 60), ("60 to 79", 60, 80))
_OLDEST = ("80 and more", 80, 200)
_DETAILED = "dlib"
_ETHNIC = "gear"


@dataclass(frozen=True, slots=True)
class ReadFace:
    """A labelled face and what a reader says of it."""

    face: LabelledFace
    age: AgeEstimate
    sex: ClassEstimate
    ethnicity: ClassEstimate | None


_Chosen = Callable[[LabelledFace], bool]


def tables(evaluation: Evaluation) -> Iterator[Table]:
    """Errors by reader, by age band, by sex and ethnicity, and what the ethnicities are worth."""
    faces = list(labelled_faces(evaluation.data, small_engine(evaluation.data), test_half=True))
    read = {}
    for name in READERS:
        try:
            reader = measured_reader(evaluation.data, name, evaluation.scratch / "attribute models")
        except Unavailable:
            continue
        read[name] = [_read(face, reader.read(face.photo, [face.face])[0]) for face in faces]
    if not read:
        raise Unavailable("there are no weights of attribute readers")
    yield by_reader(read, len(faces))
    for name, results in read.items():
        yield by_age(name, results)
    if _DETAILED in read:
        yield by_group(_DETAILED, read[_DETAILED])
    if _ETHNIC in read:
        yield ethnicities(_ETHNIC, read[_ETHNIC])


def _read(face: LabelledFace, attributes: object) -> ReadFace:
    age, sex = getattr(attributes, "age", None), getattr(attributes, "sex", None)
    ethnicity = getattr(attributes, "ethnicity", None)
    if not isinstance(age, AgeEstimate) or not isinstance(sex, ClassEstimate):
        raise TypeError("a reader of age and sex tells both")
    return ReadFace(face, age, sex, ethnicity if isinstance(ethnicity, ClassEstimate) else None)


def by_reader(read: dict[str, list[ReadFace]], count: int) -> Table:
    """One row for each reader, of all faces."""
    rows = []
    for name, results in read.items():
        adults = [each for each in results if each.face.age >= ADULT_YEARS]
        errors = _errors(results)
        rows.append(
            [
                name,
                f"{np.abs(errors).mean():.1f}",
                f"{np.median(np.abs(errors)):.1f}",
                f"{errors.mean():+.1f}",
                f"{np.mean(np.abs(errors) <= 10):.1%}",
                f"{_range_holds(results):.1%}",
                f"{np.mean([each.age.is_known for each in results]):.1%}",
                *_sex_cells(adults),
            ]
        )
    return Table(
        f"All readers whose weights are part of the test data, on the {count} faces of UTKFace whose half was not "
        "used for choosing. Age: mean and median error in years, mean of told minus true, share within ten years, "
        'share of true ages in the range, share not "cannot tell". Sex, of adults: right if the more likely one is '
        "taken; share with an answer; right of these.",
        (
            "reader",
            "age: mean error",
            "median",
            "bias",
            "within 10",
            "in the range",
            "known",
            "sex of adults: right",
            "answered",
            "right of these",
        ),
        rows,
    )


def by_age(name: str, results: Sequence[ReadFace]) -> Table:
    """One row for each band of true ages."""
    return Table(
        f"Reader {name} by age: the same figures, and the mean width of the range in years. UTKFace has more old "
        "people than an event.",
        (
            "age",
            "faces",
            "mean error",
            "bias",
            "in the range",
            "width",
            "known",
            "sex: right",
            "answered",
            "right of these",
        ),
        [
            [label, *_row([each for each in results if low <= each.face.age < high])]
            for label, low, high in (*_BANDS, _OLDEST)
        ],
    )


def by_group(name: str, results: Sequence[ReadFace]) -> Table:
    """One row for each sex, each ethnicity, and each pair of both; adults only."""
    groups: list[tuple[str, _Chosen]] = [(sex, _of_sex(sex)) for sex in ("female", "male")]
    groups += [(ethnicity, _of_ethnicity(ethnicity)) for ethnicity in ETHNICITIES]
    groups += [
        (f"{ethnicity}, {sex}", _both(_of_sex(sex), _of_ethnicity(ethnicity)))
        for ethnicity in ETHNICITIES
        for sex in ("female", "male")
    ]
    rows = []
    for label, chosen in groups:
        here = [each for each in results if each.face.age >= ADULT_YEARS and chosen(each.face)]
        if here:
            rows.append([label, *_row(here)])
    return Table(
        f"Reader {name}, adults by sex and by ethnicity as UTKFace labels them. The groups differ in age, so that "
        "their errors of age are not to be compared without the table above; groups of fewer than 50 faces say little.",
        (
            "who",
            "faces",
            "mean error",
            "bias",
            "in the range",
            "width",
            "known",
            "sex: right",
            "answered",
            "right of these",
        ),
        rows,
    )


def ethnicities(name: str, results: Sequence[ReadFace]) -> Table:
    """How often ethnicities are right, whether certain or not."""
    rows = []
    for ethnicity in ETHNICITIES:
        here = [each for each in results if each.ethnicity is not None and each.face.ethnicity == ethnicity]
        told = [each for each in results if each.ethnicity is not None and each.ethnicity.most_likely == ethnicity]
        right = sum(each.ethnicity is not None and each.ethnicity.most_likely == ethnicity for each in here)
        answered = [each for each in here if each.ethnicity is not None and each.ethnicity.answer is not None]
        rows.append(
            [
                ethnicity,
                str(len(here)),
                f"{right / max(1, len(here)):.1%}",
                f"{right / max(1, len(told)):.1%}",
                f"{len(answered) / max(1, len(here)):.1%}",
            ]
        )
    return Table(
        f"Reader {name}, ethnicity: share of the faces of a group that are taken for it, share of those taken for it "
        "that belong to it, share with an answer. It was probably trained on UTKFace, so that this flatters it.",
        ("ethnicity", "faces", "found", "right of those told", "answered"),
        rows,
    )


def _row(results: Sequence[ReadFace]) -> list[str]:
    if not results:
        return ["0", *[""] * 8]
    errors = _errors(results)
    return [
        str(len(results)),
        f"{np.abs(errors).mean():.1f}",
        f"{errors.mean():+.1f}",
        f"{_range_holds(results):.0%}",
        f"{np.mean([each.age.high - each.age.low for each in results]):.0f}",
        f"{np.mean([each.age.is_known for each in results]):.0%}",
        *_sex_cells(results),
    ]


def _sex_cells(results: Sequence[ReadFace]) -> list[str]:
    right = np.array([each.sex.most_likely == each.face.sex for each in results], dtype=np.bool_)
    answered = np.array([each.sex.answer is not None for each in results], dtype=np.bool_)
    of_these = f"{right[answered].mean():.1%}" if answered.any() else ""
    return [f"{right.mean():.1%}", f"{answered.mean():.0%}", of_these]


def _errors(results: Sequence[ReadFace]) -> NDArray[np.float64]:
    return np.array([each.age.years - each.face.age for each in results], dtype=np.float64)


def _range_holds(results: Sequence[ReadFace]) -> float:
    return float(np.mean([each.age.low <= each.face.age <= each.age.high for each in results]))


def _of_sex(sex: str) -> _Chosen:
    return lambda face: face.sex == sex


def _of_ethnicity(ethnicity: str) -> _Chosen:
    return lambda face: face.ethnicity == ethnicity


def _both(first: _Chosen, second: _Chosen) -> _Chosen:
    return lambda face: first(face) and second(face)
