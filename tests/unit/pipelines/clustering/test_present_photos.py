from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from curation.domain.faces.face import Box
from curation.domain.identity.photo_looks import PhotoLook
from curation.domain.identity.remembered import Remembered, short
from curation.domain.identity.said import Missing, Said, SaidPhoto
from curation.domain.measuring.measures import MINIATURE_BYTES
from curation.engines.base import EngineSpec, WeightsFile
from curation.pipelines.clustering.present_photos import PresentEvent, vector_space, with_looks
from curation.storage.analysis_store import AnalysisStore
from tests.fakes import fake_spec
from tests.unit.storage.analyses import STAMP, analysis

A, B = "a" * 64, "b" * 64
FIRST, SECOND = Box(0, 0, 40, 50), Box(10, 0, 40, 50)
SMALL = b"m" * MINIATURE_BYTES


def spec(weights: str = "w") -> EngineSpec:
    return replace(fake_spec(), weights=(WeightsFile("fake.onnx", Path("fake.onnx"), weights * 64),))


@pytest.fixture
def store(tmp_path: Path) -> Any:
    with closing(AnalysisStore(tmp_path)) as opened:
        opened.save_analysis(STAMP, A, "key", replace(analysis(), miniature=SMALL, capture_time="2024-05-04T12:30:00"))
        yield opened


def present(store: AnalysisStore, remembered: Remembered | None = None, **options: Any) -> PresentEvent:
    faces: Any = SimpleNamespace(
        photos=("a.jpg",),
        photo=np.array([0, 0]),
        boxes=np.array([FIRST, SECOND], dtype=np.int64),
        stored=np.array([0, 1]),
    )
    given: dict[str, Any] = {"spec": spec(), "key": "key", "last_key": None, "contents": {"a.jpg": A, "b.jpg": B}}
    given |= options
    return PresentEvent(
        faces,
        given["contents"],
        {"bad.jpg"},
        remembered or Remembered(),
        store,
        given["spec"],
        given["key"],
        given["last_key"],
    )


def test_the_photos_of_a_run(store: AnalysisStore) -> None:
    photos = present(store, Remembered(seen=frozenset({short(A)})))
    assert photos.contents() == {"a.jpg": A, "b.jpg": B}
    assert photos.boxes("a.jpg") == [FIRST, SECOND]
    assert photos.boxes("b.jpg") == []
    assert photos.rows("a.jpg") == [0, 1]
    assert (photos.is_unreadable("bad.jpg"), photos.is_unreadable("a.jpg")) == (True, False)
    assert (photos.is_new(A), photos.is_new(B)) == (False, True)


def test_what_a_photo_looks_like(store: AnalysisStore) -> None:
    look = present(store).look("a.jpg")
    assert (look.image_path, look.width, look.height) == ("a.jpg", 400, 300)
    assert (look.miniature, look.capture_time) == (SMALL, "2024-05-04T12:30:00")
    assert look.boxes.tolist() == [list(FIRST), list(SECOND)]
    assert (look.landmarks.shape, look.vectors.shape) == ((2, 5, 2), (2, 8))
    nothing = present(store).look("b.jpg")
    assert (nothing.miniature, len(nothing.boxes)) == (None, 0)


def test_a_look_of_that_time_is_that_of_the_store_or_remembered(store: AnalysisStore) -> None:
    assert present(store).look_then(B) is None
    then = present(store).look_then(A, [FIRST])
    assert then is not None
    assert then.miniature == SMALL
    assert present(store).look_then(A, [FIRST, Box(7, 7, 7, 7)]) is None, "a look without a face that was meant"
    # When the store was deleted, what is remembered is left.
    kept = replace(then, width=999)
    remembered = Remembered(looks={(B, vector_space("fake", {"fake.onnx": "w" * 64})): kept})
    assert present(store, remembered).look_then(B, [SECOND]) is kept


def test_vectors_of_another_engine_are_not_compared(store: AnalysisStore) -> None:
    now = present(store, key="other key", last_key="key", spec=spec("x"))
    look = now.look_then(A, [FIRST])
    assert look is not None
    assert (look.vectors.shape, look.boxes.shape) == ((2, 0), (2, 4))
    own = present(store).look_then(A)
    assert own is not None
    remembered = Remembered(looks={(B, "another space"): own})
    other = present(store, remembered).look_then(B)
    assert other is not None
    assert other.vectors.shape == (2, 0)


def test_a_space_is_that_of_the_engine_and_its_weights() -> None:
    assert vector_space("fake", {"a": "1", "b": "2"}) == vector_space("fake", {"c": "2", "d": "1"})
    assert len({vector_space(name, {"a": sha}) for name in ("fake", "dlib") for sha in ("1", "2")}) == 4


def test_looks_of_photos_that_something_was_said_about_are_remembered(store: AnalysisStore) -> None:
    photos = present(store)
    said = Said(
        {
            A: SaidPhoto("a.jpg", now="a.jpg", faces={FIRST: FIRST}),
            f"{A}+2": SaidPhoto("copy.jpg", missing=Missing.AWAY),
            B: SaidPhoto("b.jpg", now="moved.jpg"),
            "c": SaidPhoto("c.jpg", missing=Missing.AWAY),
        }
    )
    old = photos.look("a.jpg")
    before = {("c", photos.space): old, ("d", photos.space): old, (A, "another space"): old}
    after = with_looks(said, photos, before)
    # What is away stays, what nothing is said about any more goes, and each engine has its own.
    assert after.keys() == {("c", photos.space), (A, "another space"), (A, photos.space)}
    assert after["c", photos.space] is old
    assert with_looks(said, photos, after)[A, photos.space] is after[A, photos.space], "a known look is kept"
    assert with_looks(Said(), photos, after) == {}


def test_the_look_of_an_edited_photo_is_not_that_of_the_original(store: AnalysisStore) -> None:
    said = Said({B: SaidPhoto("b.jpg", (A,), "a.jpg")})
    assert with_looks(said, present(store), {}) == {}


def test_of_many_faces_the_largest_and_those_that_were_meant_are_remembered(
    store: AnalysisStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 60
    sizes = np.arange(1, count + 1, dtype=np.float64)
    boxes = np.stack([100 * sizes, np.zeros(count), sizes, sizes], axis=1)
    crowd = PhotoLook("a.jpg", 9, 9, None, None, boxes, np.zeros((count, 5, 2)), np.ones((count, 4), np.float32))
    monkeypatch.setattr(PresentEvent, "look", lambda *_: crowd)
    meant = Box(300, 0, 3, 3)
    photos = present(store)
    look = with_looks(Said({A: SaidPhoto("a.jpg", now="a.jpg", faces={meant: meant})}), photos, {})[A, photos.space]
    assert look.boxes[:, 2].tolist() == [3.0, *range(21, 61)]
    assert len(look.vectors) == len(look.landmarks) == 41
