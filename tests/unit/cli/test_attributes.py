"""`python -m curation attributes`: documents of single pictures, files, and exit codes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from curation.cli.main import main
from curation.domain.attributes.documents import image_of_document
from curation.domain.attributes.values import Attribute
from curation.domain.faces.face import Box
from curation.engines.base import WeightsFile
from curation.pipelines.attributes.analyser import AttributeAnalyser
from curation.settings import Settings
from tests.attribute_fakes import FakePredictor, FakeShelf
from tests.fakes import FakeEngine, painted_photo
from tests.photo_files import save

BOXES = (Box(20, 30, 60, 80), Box(150, 25, 40, 50))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    def build(settings: Settings, names: Mapping[Attribute, str]) -> AttributeAnalyser:
        shelf = FakeShelf()
        shelf.readers({attribute: name for attribute, name in names.items() if name != "off"})
        return AttributeAnalyser(
            FakeEngine(),
            FakePredictor(),
            shelf,
            predictor_weights=WeightsFile("p.dat", Path("p"), "e" * 64),
            names=names,
            max_bytes=int(settings.services.max_image_mb * 1e6),
            max_megapixels=1,
        )

    monkeypatch.setattr("curation.bootstrap.build_analyser", build)
    save(tmp_path / "a.png", painted_photo(320, 200, [(box, n) for n, box in enumerate(BOXES)]), "PNG")
    (tmp_path / "text.jpg").write_text("no picture")
    (tmp_path / "config.yaml").write_text("services: {max_image_mb: 0.05}\n", encoding="ascii")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def attributes(*arguments: str) -> int:
    return main(["--config", "config.yaml", "attributes", *arguments])


def test_prints_the_form_faces(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert attributes("a.png") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["image_path"] == "a.png"
    assert document["faces"][0]["agegender"] == {"age": 20, "gender": "male"}
    assert len(document["faces"][0]["landmarks"]) == 68
    assert document["curation"]["faces"][0]["age"]["reader"] == "dlib"


def test_prints_the_other_forms(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert attributes("a.png", "--shape", "results") == 0
    assert json.loads(capsys.readouterr().out)["results"]["agegender_service"]["age"] == [20, 150]
    assert attributes("a.png", "--shape", "image") == 0
    assert len(image_of_document(json.loads(capsys.readouterr().out)).faces) == 2


def test_readers_and_points_can_be_chosen(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert attributes("a.png", "--reader", "age=openvino", "--reader", "sex=off", "--points", "5") == 0
    ours = json.loads(capsys.readouterr().out)["curation"]
    assert [weights["name"] for weights in ours["weights"]] == ["openvino.onnx"]
    assert ours["faces"][0]["sex"] is None and ours["faces"][0]["landmarks68"] == []
    assert attributes("a.png", "--points", "478") == 0
    assert json.loads(capsys.readouterr().out)["curation"]["faces"][0]["landmarks478"]


def test_saves_the_files_of_the_services(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert attributes("a.png", "--save", "here") == 0
    paths = [Path(line) for line in capsys.readouterr().out.splitlines()]
    assert [path.parent for path in paths] == [folder / "here" / name for name in ("saved_data",) * 2 + ("output",) * 2]
    assert all(path.is_file() for path in paths)
    assert json.loads(paths[1].read_text())["image_path"] == f"saved_data/{paths[0].name}"


def test_a_picture_that_cannot_be_used_is_told_and_the_others_are_read(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "large.jpg").write_bytes(bytes(50_001))
    assert attributes("text.jpg", "gone.jpg", "large.jpg", "a.png") == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["num_faces"] == 2
    told = err.splitlines()
    assert [line.split(": ")[1] for line in told] == ["text.jpg", "gone.jpg", "large.jpg"]
    assert "at most 0.05 MB" in told[2]


def test_an_unknown_reader_ends_the_command(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert attributes("a.png", "--reader", "age=nobody") == 2
    assert "no reader 'nobody'" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", ["mood=dlib", "age", "age="])
def test_wrong_options_are_explained(folder: Path, capsys: pytest.CaptureFixture[str], wrong: str) -> None:
    with pytest.raises(SystemExit) as ended:
        attributes("a.png", "--reader", wrong)
    assert ended.value.code == 2
    assert "is not ATTRIBUTE=NAME with one of age, sex" in capsys.readouterr().err
