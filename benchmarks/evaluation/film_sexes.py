"""The sex of characters, by the way in which the readings of their faces are put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from benchmarks.evaluation.measured_film import MeasuredFilm
from benchmarks.evaluation.tables import Table
from curation.domain.attributes.values import ClassEstimate, FaceAttributes
from curation.domain.film.aggregation import METHODS, agreed

__all__ = ["KNOWN_SEXES", "sexes_table"]

_WOMEN = (
    *("Michelle", "Mother", "Monica", "Phoebe", "Rachel"),
    *("Amelie_Mauresmo", "Anna_Kournikova", "Diana_Krall", "Elsa_Zylberstein", "Gwyneth_Paltrow", "Kim_Clijsters"),
    "mindy_kaling",
)
_MEN = (
    *("Chandler", "Joey", "Lacamoire", "Lin", "Obama", "Ross", "W"),
    *("Abdullah_Gul", "Adrien_Brody", "Al_Gore", "Bill_Clinton", "Bill_Gates", "Bill_Graham", "Bob_Stoops"),
    *("Boris_Becker", "Charles_Moose", "Clint_Eastwood", "Costas_Simitis", "David_Wells", "Fernando_Gonzalez"),
    *("Fujio_Cho", "George_HW_Bush", "Gordon_Brown", "Gray_Davis", "Hamid_Karzai", "Hugh_Grant", "Jack_Straw"),
    *("Jeong_Se-hyun", "Jimmy_Carter", "Joan_Laporta", "Joe_Lieberman", "John_Ashcroft", "John_Bolton"),
    *("John_Edwards", "John_Howard", "Jon_Gruden", "Jose_Serra", "Joschka_Fischer", "Juan_Pablo_Montoya"),
    *("Junichiro_Koizumi", "Keanu_Reeves", "Kim_Dae-jung"),
)
KNOWN_SEXES: Mapping[str, str] = MappingProxyType({**dict.fromkeys(_WOMEN, "female"), **dict.fromkeys(_MEN, "male")})
"""Of the people of the films, as they are publicly known."""

Reading = tuple[FaceAttributes, float]


def sexes_table(measured: Sequence[MeasuredFilm]) -> Table:
    """One row for each method, and one for single faces."""
    people = list(_readings(measured))
    faces = [(truth, [reading]) for truth, readings in people for reading in readings]
    rows = [_row("each face by itself", faces)]
    rows += [
        _row(f"`{method}`" + (" (default)" if method == "weighted_mean" else ""), people, method) for method in METHODS
    ]
    ordered = sorted(faces, key=lambda one: -one[1][0][1])
    half = len(ordered) // 2
    rows.append(_row("each face by itself, better half by `face_quality`", ordered[:half]))
    rows.append(_row("each face by itself, other half", ordered[half:]))
    films = len({one.film.name for one in measured})
    return Table(
        f"Sex of characters (reader dlib), from the faces that were read of their tracks: {len(people)} characters of "
        f"{films} films, {len(faces)} faces. Right: if the more likely one is taken. Answered: the others are told as "
        "unknown.",
        ("put together by", "cases", "right", "answered", "right of these"),
        rows,
    )


def _readings(measured: Sequence[MeasuredFilm]) -> Sequence[tuple[str, list[Reading]]]:
    out = []
    for one in measured:
        people = {str(person.cluster_id): person for person in one.result.people}
        for time in one.score.times:
            truth = KNOWN_SEXES.get(time.person)
            if truth is None or time.identity is None:
                continue
            readings = [
                (face.attributes, face.face.quality.score)
                for track in people[time.identity].tracks
                for face in one.result.film.tracks[track].faces
                if face.attributes is not None and face.attributes.sex is not None
            ]
            if readings:
                out.append((truth, readings))
    return out


def _row(title: str, cases: Sequence[tuple[str, list[Reading]]], method: str = "weighted_mean") -> list[str]:
    found = [(truth, _sex(agreed(readings, method))) for truth, readings in cases]
    right = sum(sex.most_likely == truth for truth, sex in found)
    answered = [(truth, sex.answer) for truth, sex in found if sex.answer is not None]
    of_these = sum(truth == answer for truth, answer in answered)
    count = max(len(found), 1)
    return [
        title,
        str(len(found)),
        f"{right / count:.3f}",
        f"{len(answered) / count:.3f}",
        f"{of_these / max(len(answered), 1):.3f}",
    ]


def _sex(attributes: FaceAttributes | None) -> ClassEstimate:
    if attributes is None or attributes.sex is None:
        raise ValueError("a character whose faces were read has a sex")
    return attributes.sex
