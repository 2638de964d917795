from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from curation.domain.assets.document import ASSET_VERSION, asset_document, cutout_name, record_of_document
from curation.domain.assets.record import AssetRecord, PersonRecord
from curation.domain.assets.schema import asset_schema
from curation.domain.attributes.values import AgeEstimate, ClassEstimate, FaceAttributes
from curation.domain.bodies.composition import Composition, CutAt
from curation.domain.bodies.person import FaceOfBody, Person
from curation.domain.bodies.pose import Pose, PoseLandmark
from curation.domain.faces.face import Box, FiveLandmarks, Point
from curation.domain.outfits.outfit import ColourName, Garment, GarmentColour, GarmentPart, Outfit
from curation.errors import AssetDocumentError
from tests.asset_values import a_person, a_person_record, a_record
from tests.conftest import PROJECT_ROOT
from tests.json_schema import problems

SCHEMA = json.loads((PROJECT_ROOT / "docs/schemas/asset.schema.json").read_text(encoding="utf-8"))
BARE = PersonRecord(a_person(1, with_pose=False, with_face=False), Composition(CutAt.UNKNOWN, 0.0, None, 0.2, None))
FULL = a_record(
    a_person_record(),
    BARE,
    files=("annotated.jpg", "clothes.png", "cutout.png", "cutout_0.png", "cutout_1.png", "mask.png"),
)


def through_json(record: AssetRecord) -> AssetRecord:
    return record_of_document(json.loads(json.dumps(asset_document(record), allow_nan=False)))


class RandomRecords:
    """Records with values of any kind that the types allow."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)

    def record(self) -> AssetRecord:
        count = self.whole(0, 4)
        people = tuple(self.person(number) for number in range(count))
        names = ["annotated.jpg", "clothes.png", "cutout.png", "mask.png", *(cutout_name(n) for n in range(count))]
        files = tuple(sorted(name for name in names if self.coin()))
        return AssetRecord(
            "".join("0123456789abcdef"[self.whole(0, 15)] for _ in range(64)),
            self.whole(1, 20_000),
            self.whole(1, 20_000),
            people,
            files,
            "dlib",
            tuple((f"{n}.onnx", f"{n}" * 64) for n in range(self.whole(0, 3))),
            ("Fältchen \N{SNOWMAN}\n",) if self.coin() else (),
        )

    def person(self, index: int) -> PersonRecord:
        attributes = FaceAttributes(age=self.maybe(self.age), sex=self.maybe(self.sex))
        return PersonRecord(
            Person(index, self.box(), self.share(), self.maybe(self.pose), self.maybe(self.face)),
            Composition(
                list(CutAt)[self.whole(0, len(CutAt) - 1)],
                self.share(),
                self.maybe(self.number),
                self.share(),
                self.maybe(lambda: self.share() * 90),
                tuple(range(self.whole(0, 3))),
            ),
            self.maybe(self.outfit),
            None if attributes == FaceAttributes() else attributes,
            self.maybe(self.share),
            self.maybe(self.share),
            self.maybe(self.share),
            tuple(self.number() for _ in range(self.whole(0, 5))),
        )

    def whole(self, low: int, high: int) -> int:
        return int(self._random.integers(low, high + 1))

    def coin(self) -> bool:
        return bool(self._random.random() < 0.5)

    def share(self) -> float:
        return float(self._random.random())

    def number(self) -> float:
        return float(self._random.normal() * 10.0 ** self.whole(-6, 6))

    def maybe(self, make: Any) -> Any:
        return make() if self.coin() else None

    def box(self) -> Box:
        return Box(self.whole(0, 999), self.whole(0, 999), self.whole(1, 999), self.whole(1, 999))

    def pose(self) -> Pose:
        points = (PoseLandmark(self.number(), self.number(), self.number(), self.share()) for _ in range(33))
        return Pose(tuple(points), self.share())

    def face(self) -> FaceOfBody:
        five = FiveLandmarks(*(Point(self.number(), self.number()) for _ in range(5)))
        return FaceOfBody(self.whole(0, 99), self.box(), five, self.share())

    def age(self) -> AgeEstimate:
        return AgeEstimate(self.share() * 80, 3.5, 70.25, self.share(), self.coin(), (1.0, 2.0), (0.25, 0.75), "dlib")

    def sex(self) -> ClassEstimate:
        return ClassEstimate("male" if self.coin() else None, self.share(), ("female", "male"), (0.5, 0.5), "dlib")

    def outfit(self) -> Outfit:
        return Outfit(self.garment(GarmentPart.TOP), self.garment(GarmentPart.BOTTOM), self.coin())

    def garment(self, part: GarmentPart) -> Garment:
        names = list(ColourName)
        colours = tuple(
            GarmentColour(
                names[self.whole(0, len(names) - 1)],
                max(1e-9, self.share()),
                (self.whole(0, 255), self.whole(0, 255), self.whole(0, 255)),
            )
            for _ in range(self.whole(0, 4))
        )
        return Garment(part, colours, self.share(), self.whole(0, 10**7))


class TestDocument:
    @pytest.mark.parametrize("seed", range(60))
    def test_nothing_is_lost_and_the_schema_describes_it(self, seed: int) -> None:
        record = RandomRecords(seed).record()
        assert through_json(record) == record
        assert problems(json.loads(json.dumps(asset_document(record))), SCHEMA) == []

    def test_is_the_same_after_reading_it_back(self) -> None:
        text = json.dumps(asset_document(FULL))
        assert json.dumps(asset_document(through_json(FULL))) == text

    def test_names_what_people_look_for(self) -> None:
        document = asset_document(FULL)
        first, second = document["people"]
        assert document["version"] == ASSET_VERSION
        assert first["bbox"] == list(FULL.people[0].person.box)
        assert [point["name"] for point in first["keypoints"]][:3] == ["nose", "left_eye_inner", "left_eye"]
        assert len(first["keypoints"]) == 33
        assert first["dominant_colors"]["top"]["colors"][0]["hex"] == "#be1e28"
        assert first["dominant_colors"]["top"]["colors"][0]["name"] == "red"
        assert first["sex"]["answer"] == "male" and first["age"]["is_known"]
        assert first["cutout"] == "cutout_0.png"
        assert (second["keypoints"], second["face"], second["dominant_colors"], second["age"]) == (None,) * 4
        assert document["masks"] == {"person": "mask.png", "clothes": "clothes.png"}
        assert document["cutout"] == "cutout.png"

    def test_files_that_were_not_made_are_null(self) -> None:
        document = asset_document(replace(FULL, files=("annotated.jpg",)))
        assert document["cutout"] is None
        assert document["masks"] == {"person": None, "clothes": None}
        assert document["people"][0]["cutout"] is None

    def test_the_schema_is_of_this_version(self) -> None:
        assert SCHEMA["properties"]["version"] == {"description": "of this object", "const": ASSET_VERSION}

    def test_the_published_schema_is_that_of_the_program(self) -> None:
        assert asset_schema() == SCHEMA

    def test_all_that_is_required_is_always_there(self) -> None:
        document = asset_document(FULL)
        assert sorted(SCHEMA["required"]) == sorted(document)
        assert sorted(SCHEMA["$defs"]["person"]["required"]) == sorted(document["people"][1])


class TestOtherDocuments:
    def test_another_version_says_what_to_do(self) -> None:
        with pytest.raises(AssetDocumentError, match="version 99"):
            record_of_document({**asset_document(FULL), "version": 99})

    @pytest.mark.parametrize(
        "damage",
        [
            lambda d: d.pop("people"),
            lambda d: d["people"][0].pop("bbox"),
            lambda d: d["people"][0].update(bbox=[1, 2, 3]),
            lambda d: d["people"][0]["keypoints"].pop(),
            lambda d: d["people"][0]["composition"].update(cut_at="neck"),
            lambda d: d["people"][0]["dominant_colors"]["top"]["colors"][0].update(name="mauve"),
            lambda d: d.update(people=7),
            lambda d: d.update(weights=[1]),
        ],
    )
    def test_a_broken_one_is_refused(self, damage: Any) -> None:
        document = json.loads(json.dumps(asset_document(FULL)))
        damage(document)
        with pytest.raises(AssetDocumentError):
            record_of_document(document)

    def test_keys_of_the_future_are_skipped(self) -> None:
        assert record_of_document({**asset_document(FULL), "mood": "good"}) == FULL
