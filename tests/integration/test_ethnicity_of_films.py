"""The ethnicity of characters: its networks fetched from a server, read on faces, told of characters or not at all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

from curation.domain.attributes.values import Attribute, ClassEstimate, FaceAttributes
from curation.domain.faces.face import Box
from curation.domain.film.estimations import aggregated_estimations, embedded_faces
from curation.domain.film.people import TrailerResult
from curation.engines.attributes.building import build_reader
from curation.engines.attributes.reader import FoundAt, ReaderSpec
from curation.engines.attributes.selection import select_readers
from curation.engines.landmarks import LandmarkPredictor
from curation.engines.weights import registry as registry_module
from curation.engines.weights.files import file_sha256
from curation.errors import WeightsBrokenError, WeightsMissingError
from curation.pipelines.attributes.reading import read_attributes
from curation.pipelines.video.characters import ETHNICITY_WARNING, characters_of
from ground_truth.array_photo import ArrayPhoto
from tests.attribute_networks import stand_in_spec
from tests.conftest import real_data_dir
from tests.face_photos import astronaut, grace_hopper
from tests.film_values import made_film, made_track, points_in
from tests.integration.file_server import Manners, Server, serving
from tests.unit.pipelines.video.test_characters import made_setup, with_attributes

CPU = ("CPUExecutionProvider",)
FILES = {"gear": "gear_age_gender_race.onnx", "deepface": "race_model_single_batch.onnx", "fairface": "fairface.onnx"}
CLASSES = {"gear": 5, "deepface": 6, "fairface": 7}
FACE = Box(20, 30, 90, 90)
REAL_FACES = ((astronaut, Box(174, 74, 100, 100)), (grace_hopper, Box(173, 128, 203, 203)))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    with serving() as running:
        yield running


def with_registry(monkeypatch: pytest.MonkeyPatch, name: str, address: str | None, sha256: str | None) -> None:
    """The entry of a file, at another address and with another hash."""
    known = registry_module.REGISTRY[name]
    addresses = () if address is None else (address,)
    here = replace(known, addresses=addresses, sha256=sha256, size_bytes=None)
    monkeypatch.setattr(registry_module, "REGISTRY", MappingProxyType({name: here}))


def stand_in(reader: str, folder: Path, *, odds: float = 0.0) -> Path:
    """A network of a reader's form that is as sure of its second ethnicity as `odds` say."""
    folder.mkdir(exist_ok=True)
    values = np.zeros(CLASSES[reader])
    values[1] = odds
    stand_in_spec(reader, folder, {CLASSES[reader]: values})
    return folder / FILES[reader]


def picture() -> ArrayPhoto:
    return ArrayPhoto(np.random.default_rng(3).integers(0, 256, (200, 200, 3), dtype=np.uint8))


def told(spec: ReaderSpec, read: FaceAttributes) -> TrailerResult:
    """The characters of a film in which all faces are read so."""
    film = made_film([with_attributes(made_track(start, start + 1, 0), read) for start in (0, 2)])
    (result,) = characters_of([film], made_setup(readers=(spec,)))
    return result


@pytest.mark.parametrize("reader", ["deepface", "fairface"])
def test_the_networks_are_fetched_where_the_registry_says(
    reader: str, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = stand_in(reader, tmp_path / "source")
    server.paths["/file"] = Manners(source.read_bytes())
    published = file_sha256(source) if reader == "fairface" else None
    with_registry(monkeypatch, FILES[reader], f"{server.address}/file", published)
    models = tmp_path / "models"
    names = {Attribute.ETHNICITY: reader}
    with pytest.raises(WeightsMissingError, match=FILES[reader]):
        select_readers(names, models, CPU, allow_download=False)
    assert not server.requests
    (spec,) = select_readers(names, models, CPU, allow_download=True)
    assert spec.attributes == (Attribute.ETHNICITY,) and spec.weights[0].sha256 == file_sha256(source)
    assert "nothing was measured" in spec.warning
    # Another file at the address is refused: by the published hash, or by that of the first download.
    (models / FILES[reader]).unlink()
    server.paths["/file"] = Manners(stand_in(reader, tmp_path / "other", odds=3.0).read_bytes())
    with pytest.raises(WeightsBrokenError):
        select_readers(names, models, CPU, allow_download=True)
    assert not (models / FILES[reader]).exists()


@pytest.mark.parametrize("reader", sorted(FILES))
def test_of_every_reader_a_character_gets_a_class_or_unknown(
    reader: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = CLASSES[reader] - 1
    # Softmax: the second class has the probability p where its log-odds against each other one are log(p k / (1 - p)).
    for probability, is_told in ((0.69, False), (0.71, True)):
        models = tmp_path / str(probability)
        stand_in(reader, models, odds=float(np.log(probability * others / (1 - probability))))
        with_registry(monkeypatch, FILES[reader], None, None)
        (spec,) = select_readers({Attribute.ETHNICITY: reader}, models, CPU, allow_download=False)
        found = FoundAt(FACE, points_in(FACE))
        network = build_reader(spec)
        (read,) = network.read(picture(), [found])
        assert network.read(picture(), [found, found]) == [read, read]
        assert read.ethnicity is not None and len(read.ethnicity.classes) == CLASSES[reader]
        result = told(spec, read)
        assert json.loads(dict(result.options)["ethnicity_warning"]) == ETHNICITY_WARNING
        (entry,) = aggregated_estimations(result)
        assert entry["ethnicity"] == (read.ethnicity.classes[1] if is_told else "unknown")
        assert sum(entry["ethnicity_distribution"].values()) == pytest.approx(1, abs=1e-3)
        assert "ethnicity" not in json.dumps(embedded_faces(result))
        monkeypatch.undo()


def test_gear_runs_the_whole_way(tmp_path: Path) -> None:
    data = real_data_dir()
    file = data / "weights" / "onnx" / FILES["gear"] if data else None
    if file is None or not file.exists():
        pytest.skip(f"{FILES['gear']} is missing: set CURATION_TEST_DATA to a folder that contains weights/onnx/")
    shutil.copy(file, tmp_path / FILES["gear"])
    (spec,) = select_readers({Attribute.ETHNICITY: "gear"}, tmp_path, CPU, allow_download=False)
    reader = build_reader(spec)
    tracks = []
    for person, (make, box) in enumerate(REAL_FACES):
        (read,) = read_attributes(ArrayPhoto(make()), [(box, points_in(box))], [reader], _no_predictor)
        tracks.append(with_attributes(made_track(2 * person, 2 * person + 1, person), read))
    (result,) = characters_of([made_film(tracks)], made_setup(readers=(spec,)))
    for character in result.people:
        assert character.attributes is not None
        estimate = character.attributes.ethnicity
        assert isinstance(estimate, ClassEstimate) and estimate.reader == "gear"
        assert (estimate.answer is not None) == (max(estimate.distribution) >= 0.7)
    assert len(result.people) == 2
    assert json.loads(dict(result.options)["infer_ethnicity"]) is True


def _no_predictor() -> LandmarkPredictor:
    raise AssertionError("gear needs no 68 points")
