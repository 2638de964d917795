from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
from PIL import Image

from curation.domain.assets.document import record_of_document
from curation.domain.assets.states import RejectCode
from curation.domain.attributes.values import Attribute, FaceAttributes
from curation.domain.bodies.person import FaceOfBody, Person
from curation.domain.faces.face import Box
from curation.engines.attributes.reader import FoundAt, ReaderSpec
from curation.engines.base import PhotoPixels, WeightsFile
from curation.engines.bodies.base import BodySpec
from curation.errors import AssetRejectedError, FaceAnalysisError, PhotoUnreadableError, StorageError
from curation.pipelines.assets import task as tasks
from curation.pipelines.assets.limits import GateLimits
from curation.pipelines.assets.pipeline import AssetPipeline
from curation.pipelines.assets.setup import AssetNetworks, AssetSetup
from curation.pipelines.assets.task import AssetTask, prepare_asset_worker, process_image_pipeline
from tests.attribute_values import a_sex, an_age
from tests.fake_bodies import FakeClothes, FakePeople, FakeSegmenter, body_spec
from tests.fakes import FakeEngine, fake_spec, painted_photo

PAIR = ((Box(150, 60, 40, 50), 0), (Box(450, 80, 40, 50), 4))
LIMITS = GateLimits(256, 10.0, 10_000_000)


class FakeAges:
    """Reads an age and a sex of each face; implements `AttributeReader`."""

    spec = ReaderSpec("dlib", (Attribute.AGE, Attribute.SEX), (), ())

    def read(self, photo: PhotoPixels, faces: Sequence[FoundAt]) -> list[FaceAttributes]:
        return [FaceAttributes(age=an_age(20.0 + number), sex=a_sex()) for number, _ in enumerate(faces)]


def networks(**changes: object) -> AssetNetworks:
    masks = FakeSegmenter()
    loaded = AssetNetworks(FakeEngine(), FakePeople(), masks, masks, FakeClothes(), [], no_predictor)
    return replace(loaded, **changes)  # type: ignore[arg-type]


def no_predictor() -> NoReturn:
    raise AssertionError("nobody asked for the 68 points")


def build(setup: AssetSetup) -> AssetNetworks:
    return networks() if setup.cutout is not None else networks(cutouts=None)


MASK = body_spec("mask")


def a_setup(cutout: BodySpec | None = MASK, min_person_px: int = 96) -> AssetSetup:
    return AssetSetup(
        engine=fake_spec(),
        people=FakePeople.specs,
        mask=body_spec("mask"),
        cutout=cutout,
        clothes=FakeClothes.specs,
        readers=(),
        predictor=None,
        limits=LIMITS,
        min_person_px=min_person_px,
        colours=5,
        build=build,
    )


def picture(faces: Sequence[tuple[Box, int]] = PAIR, width: int = 640, height: int = 520) -> bytes:
    out = BytesIO()
    Image.fromarray(painted_photo(width, height, faces)).save(out, "PNG")
    return out.getvalue()


class TestPeople:
    def test_all_that_was_found_is_in_the_record(self) -> None:
        result = AssetPipeline(a_setup()).process(picture())
        record = result.record
        assert [each.person.person_index for each in record.people] == [0, 1]
        assert [each.person.face.face_index for each in record.people if each.person.face] == [0, 1]
        assert record.people[0].mask_confidence == pytest.approx(0.9)
        assert record.people[0].clothes_share == pytest.approx(0.75)
        assert record.people[0].outfit is not None
        assert record.people[0].composition.frame_share > 0.05
        assert (record.width, record.height, record.engine, record.notes) == (640, 520, "fake", ())

    def test_faces_that_are_known_are_not_looked_for(self) -> None:
        class Blind(FakeEngine):
            def find(self, photo: PhotoPixels) -> list[object]:  # type: ignore[override]
                raise AssertionError("the faces were known")

        landmarks = FakeEngine().find(as_photo())[0].landmarks
        face = FaceOfBody(3, PAIR[0][0], landmarks, 0.8)
        record = AssetPipeline(a_setup(), networks(faces=Blind())).process(picture(), faces=[face]).record
        assert [each.person.face for each in record.people] == [face]

    def test_nobody_there_is_a_rejection(self) -> None:
        with pytest.raises(AssetRejectedError, match="nobody") as caught:
            AssetPipeline(a_setup()).process(picture(()))
        assert caught.value.reason == RejectCode.NO_PERSON.value

    def test_of_small_people_only_box_and_skeleton_are_told(self) -> None:
        result = AssetPipeline(a_setup(min_person_px=2000)).process(picture())
        first = result.record.people[0]
        assert first.person.pose is not None
        assert (first.outfit, first.mask_confidence, first.clothes_share) == (None, None, None)
        assert sorted(result.files) == ["annotated.jpg"]
        assert "min_person_px" in result.record.notes[0]

    def test_passers_by_in_the_background_are_not_looked_at_closely(self) -> None:
        faces = ((Box(150, 60, 40, 50), 0), (Box(450, 100, 8, 10), 4))
        result = AssetPipeline(a_setup(min_person_px=16)).process(picture(faces))
        near, far = result.record.people
        assert near.outfit is not None and far.outfit is None
        assert "quarter" in result.record.notes[0]
        assert "cutout_1.png" not in result.files

    def test_the_same_picture_gives_the_same_bytes(self) -> None:
        one, other = (AssetPipeline(a_setup()).process(picture()) for _ in range(2))
        assert one == other


class TestFiles:
    def test_of_several_people_each_is_cut_out_alone_too(self) -> None:
        result = AssetPipeline(a_setup()).process(picture())
        names = ["annotated.jpg", "clothes.png", "cutout.png", "cutout_0.png", "cutout_1.png", "mask.png"]
        assert sorted(result.files) == names
        assert result.record.files == tuple(names)
        with Image.open(BytesIO(result.files["mask.png"])) as mask:
            assert mask.size == (640, 520)
            assert set(np.unique(np.asarray(mask.convert("L")))) == {0, 255}

    def test_a_single_person_has_one_cut_out(self) -> None:
        result = AssetPipeline(a_setup()).process(picture(PAIR[:1]))
        assert sorted(result.files) == ["annotated.jpg", "clothes.png", "cutout.png", "mask.png"]

    def test_without_cut_outs_there_are_none(self) -> None:
        result = AssetPipeline(a_setup(cutout=None)).process(picture())
        assert sorted(result.files) == ["annotated.jpg", "clothes.png", "mask.png"]

    def test_the_same_network_runs_once(self) -> None:
        masks = FakeSegmenter()
        AssetPipeline(a_setup(), networks(masks=masks, cutouts=masks)).process(picture())
        assert masks.calls == 1

    def test_the_annotated_picture_has_no_metadata(self) -> None:
        data = AssetPipeline(a_setup()).process(picture()).files["annotated.jpg"]
        with Image.open(BytesIO(data)) as image:
            assert not image.getexif() and "icc_profile" not in image.info and image.size == (640, 520)


class TestWhatFails:
    def test_a_network_that_others_can_do_without_leaves_a_note(self) -> None:
        broken = FakeSegmenter(error=FaceAnalysisError("the network has a bad day"))
        result = AssetPipeline(a_setup(), networks(masks=broken, cutouts=broken)).process(picture())
        assert sorted(result.files) == ["annotated.jpg"]
        assert "bad day" in result.record.notes[0]
        assert result.record.people[0].outfit is None

    def test_fine_cut_outs_that_fail_are_made_of_the_usual_masks(self) -> None:
        broken = FakeSegmenter("fine", FaceAnalysisError("too large"))
        result = AssetPipeline(a_setup(cutout=body_spec("fine")), networks(cutouts=broken)).process(picture())
        assert "cutout.png" in result.files
        assert "too large" in result.record.notes[0]

    def test_too_little_memory_is_not_hidden(self) -> None:
        broken = FakeSegmenter(error=MemoryError())
        with pytest.raises(MemoryError):
            AssetPipeline(a_setup(), networks(masks=broken)).process(picture())

    def test_people_that_cannot_be_looked_for_are_a_fault(self) -> None:
        class Broken(FakePeople):
            def find(self, photo: PhotoPixels, faces: Sequence[FaceOfBody]) -> tuple[Person, ...]:
                raise FaceAnalysisError("no")

        with pytest.raises(FaceAnalysisError):
            AssetPipeline(a_setup(), networks(people=Broken())).process(picture())


class TestAttributes:
    def test_are_read_of_each_face(self) -> None:
        record = AssetPipeline(a_setup(), networks(readers=[FakeAges()])).process(picture()).record
        ages = [each.attributes.age.years for each in record.people if each.attributes and each.attributes.age]
        assert ages == [20.0, 21.0]

    def test_are_not_read_unasked(self) -> None:
        record = AssetPipeline(a_setup()).process(picture()).record
        assert all(each.attributes is None for each in record.people)


class TestSettingsHash:
    def test_is_that_of_all_that_a_result_depends_on(self) -> None:
        base = a_setup()
        weights = WeightsFile("n.onnx", Path("n.onnx"), "a" * 64)
        changed = [
            replace(base, min_person_px=97),
            replace(base, colours=4),
            replace(base, cutout=None),
            replace(base, mask=BodySpec("mask", (weights,), ("CPUExecutionProvider",))),
            replace(base, clothes=()),
            replace(base, people=()),
            replace(base, readers=(FakeAges.spec,)),
            replace(base, predictor=weights),
            replace(base, limits=replace(LIMITS, min_side_px=200)),
            replace(base, engine=replace(fake_spec(), weights=(weights,))),
        ]
        hashes = {setup.settings_hash for setup in (base, *changed)}
        assert len(hashes) == len(changed) + 1
        assert a_setup().settings_hash == base.settings_hash

    def test_does_not_depend_on_where_files_are(self) -> None:
        here, there = (
            replace(a_setup(), predictor=WeightsFile("n.dat", Path(folder) / "n.dat", "a" * 64)) for folder in "ab"
        )
        assert here.settings_hash == there.settings_hash
        assert here.weights == (("n.dat", "a" * 64),)


class TestTask:
    @pytest.fixture(autouse=True)
    def _own_worker(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tasks, "_worker", None)

    def a_task(self, folder: Path, content: bytes) -> AssetTask:
        path = folder / "original"
        path.write_bytes(content)
        return AssetTask("0" * 32, 1, path, folder / "attempt", "photo.png")

    def test_writes_the_files_of_its_try(self, tmp_path: Path) -> None:
        prepare_asset_worker(a_setup())
        done = process_image_pipeline(self.a_task(tmp_path, picture()))
        assert sorted(path.name for path in (tmp_path / "attempt").iterdir()) == sorted(done.files)
        record = record_of_document(done.document)
        assert record.files == done.files
        assert record.people[0].outfit is not None and len(record.people[0].outfit.top.colours) > 0

    def test_a_file_that_breaks_when_it_is_decoded_is_unreadable(self, tmp_path: Path) -> None:
        prepare_asset_worker(a_setup())
        out = BytesIO()
        noise = np.random.default_rng(1).integers(0, 255, (500, 500, 3)).astype(np.uint8)
        Image.fromarray(noise).save(out, "JPEG")
        with pytest.raises(AssetRejectedError) as caught:
            process_image_pipeline(self.a_task(tmp_path, out.getvalue()[: len(out.getvalue()) // 2]))
        assert caught.value.reason == RejectCode.UNREADABLE.value
        assert not (tmp_path / "attempt").exists()

    def test_too_little_memory_while_decoding_is_not_the_pictures_fault(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object, **__: object) -> None:
            raise PhotoUnreadableError("there is not enough memory") from MemoryError()

        prepare_asset_worker(a_setup())
        monkeypatch.setattr(AssetPipeline, "process", fail)
        with pytest.raises(MemoryError):
            process_image_pipeline(self.a_task(tmp_path, picture()))

    def test_a_file_that_is_gone_is_the_disks_fault(self, tmp_path: Path) -> None:
        prepare_asset_worker(a_setup())
        with pytest.raises(StorageError):
            process_image_pipeline(AssetTask("0" * 32, 1, tmp_path / "none", tmp_path / "attempt"))

    def test_a_worker_that_is_not_prepared_says_so(self, tmp_path: Path) -> None:
        with pytest.raises(RuntimeError, match="prepare_asset_worker"):
            process_image_pipeline(self.a_task(tmp_path, picture()))


def as_photo() -> PhotoPixels:
    from ground_truth.array_photo import ArrayPhoto

    return ArrayPhoto(painted_photo(640, 520, PAIR))
