"""The networks for bodies: fetched from a server, converted once, found again, and refused when they are others."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

from curation.cli.main import main
from curation.engines.bodies.catalogue import BODY_NETWORKS, loaded_file
from curation.engines.bodies.network import load_network
from curation.engines.bodies.selection import BodyEngines, fetchable_files, select_bodies, select_outfit_network
from curation.engines.weights import registry as registry_module
from curation.engines.weights.body_files import ASSETS_PART, BODY_FILES
from curation.engines.weights.fetching import fetch
from curation.engines.weights.inventory import WeightsState, status
from curation.errors import SettingsError, WeightsBrokenError, WeightsMissingError
from tests.integration.file_server import Manners, Server, serving
from tests.people_networks import boxes_answer, write_body_network
from tests.tflite_files import NetworkFile, Scalar

CPU = ("CPUExecutionProvider",)
FILES_OF_AUTO = (
    "yolox_nano.onnx",
    "pose_detection.tflite",
    "pose_landmark_full.tflite",
    "u2netp.onnx",
    "selfie_segmentation.tflite",  # beside it: what the one network misses of a body, the other may have
    "pan_skin_clothes_hair.onnx",
)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def _tflite(shape: tuple[int, ...], outputs: tuple[tuple[int, ...], ...]) -> bytes:
    """A network that gives the mean colour of its input in many places."""
    file = NetworkFile()
    first = file.value(shape, "input")
    axes = file.constant(np.array([1, 2], dtype=np.int32))
    mean = file.step("MEAN", [first, axes], (1, 1, 1, 3), {0: Scalar("<b", 1)})
    ends = []
    for number, wanted in enumerate(outputs):
        count = int(np.prod(wanted))
        filters = file.constant(np.full((count, 1, 1, 3), 0.1, dtype=np.float16))
        widened = file.step("DEQUANTIZE", [filters], (count, 1, 1, 3))
        options = {0: Scalar("<b", 0), 1: Scalar("<i", 1), 2: Scalar("<i", 1)}
        values = file.step("CONV_2D", [mean, widened], (1, 1, 1, count), options)
        ends.append(file.step("RESHAPE", [values], wanted, {}, name=f"output{number}"))
    return file.content([first], ends)


@pytest.fixture(scope="module")
def contents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A stand-in for each file that settings ask for without fine cut-outs."""
    folder = tmp_path_factory.mktemp("stand-ins")
    write_body_network(folder / "yolox_nano.onnx", (1, 3, 416, 416), boxes_answer())
    write_body_network(folder / "u2netp.onnx", (1, 3, 320, 320), [np.zeros((1, 1, 320, 320))])
    write_body_network(folder / "pan_skin_clothes_hair.onnx", (1, 3, 512, 512), [np.zeros((1, 3, 512, 512))])
    return {
        **{path.name: path.read_bytes() for path in folder.iterdir()},
        "pose_detection.tflite": _tflite((1, 224, 224, 3), ((1, 2254, 12), (1, 2254, 1))),
        "pose_landmark_full.tflite": _tflite((1, 256, 256, 3), ((1, 195), (1, 1))),
        "selfie_segmentation.tflite": _tflite((1, 256, 256, 3), ((1, 256, 256, 1),)),
    }


@pytest.fixture
def server(contents: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server of the stand-ins, to which the registry's addresses lead."""
    with serving() as running:
        known = dict(registry_module.REGISTRY)
        for entry in BODY_FILES:
            content = contents.get(entry.name)
            running.paths |= {f"/{entry.name}": Manners(content)} if content is not None else {}
            known[entry.name] = replace(
                entry,
                addresses=(f"{running.address}/{entry.name}",),
                sha256=None,
                size_bytes=None,
                delivered=f"md5:{hashlib.md5(content).hexdigest()}" if content is not None else "",
            )
        monkeypatch.setattr(registry_module, "REGISTRY", MappingProxyType(known))
        yield running


def _selected(models_dir: Path, *, cutouts: str = "auto", allow_download: bool = True) -> BodyEngines:
    return select_bodies(
        pose="full",
        cutouts=cutouts,
        fine_segmenter="isnet",
        models_dir=models_dir,
        cache_dirs=(models_dir,),
        providers=CPU,
        allow_download=allow_download,
    )


def test_all_that_settings_ask_for_is_fetched_and_converted_once(server: Server, tmp_path: Path) -> None:
    engines = _selected(tmp_path)
    assert [spec.name for spec in engines.people] == ["yolox-nano", "pose-detector", "full"]
    assert engines.mask.name == "u2netp" and engines.cutout == engines.mask
    assert [spec.name for spec in engines.clothes] == ["pan"]
    assert {path.name for path in (tmp_path / "converted").glob("*.onnx")} == {
        loaded_file(spec).path.name for spec in (*engines.people, *engines.mask.beside) if spec.converted
    }
    assert [spec.name for spec in engines.mask.beside] == ["selfie"]
    for spec in (*engines.people, engines.mask, *engines.clothes):
        load_network(spec)
    asked = len(server.requests)
    assert _selected(tmp_path, allow_download=False) == engines and len(server.requests) == asked
    # What is kept of a first download is compared with what is there.
    found = {each.known.name: each for each in status(tmp_path)}
    assert found["yolox_nano.onnx"].state is WeightsState.PRESENT
    (tmp_path / "yolox_nano.onnx").write_bytes((tmp_path / "u2netp.onnx").read_bytes())
    assert {each.known.name: each for each in status(tmp_path)}["yolox_nano.onnx"].state is WeightsState.CHANGED


def test_without_cut_outs_the_fast_masks_are_taken(server: Server, tmp_path: Path) -> None:
    engines = _selected(tmp_path, cutouts="off")
    assert engines.mask.name == "selfie" and engines.cutout is None and engines.mask.converted
    assert not (tmp_path / "u2netp.onnx").exists()


def test_a_users_onnx_file_is_taken_as_it_is(server: Server, tmp_path: Path) -> None:
    shape = BODY_NETWORKS["full"].shape
    write_body_network(tmp_path / "pose_landmark_full.onnx", shape, [np.zeros((1, 195)), np.zeros((1, 1))])
    pose = _selected(tmp_path).people[2]
    assert pose.weights[0].path == tmp_path / "pose_landmark_full.onnx" and not pose.converted
    assert not (tmp_path / "pose_landmark_full.tflite").exists()


@pytest.mark.parametrize("missing", FILES_OF_AUTO)
def test_a_missing_file_is_named_with_the_command_that_gets_it(
    server: Server, contents: dict[str, bytes], tmp_path: Path, missing: str
) -> None:
    for name in FILES_OF_AUTO:
        if name != missing:
            (tmp_path / name).write_bytes(contents[name])
    with pytest.raises(WeightsMissingError, match=missing) as error:
        _selected(tmp_path, allow_download=False)
    assert f"weights fetch {missing}" in str(error.value)
    assert fetchable_files(tmp_path, pose="full", cutouts="auto", fine_segmenter="isnet") == (missing,)


def test_another_file_than_the_published_one_is_refused(
    server: Server, contents: dict[str, bytes], tmp_path: Path
) -> None:
    server.paths["/u2netp.onnx"] = Manners(contents["pan_skin_clothes_hair.onnx"])
    with pytest.raises(WeightsBrokenError, match="its MD5 is"):
        fetch("u2netp.onnx", tmp_path)
    assert not (tmp_path / "u2netp.onnx").exists()


def test_a_network_of_another_form_is_refused(server: Server, contents: dict[str, bytes], tmp_path: Path) -> None:
    for name in FILES_OF_AUTO:
        (tmp_path / name).write_bytes(contents[name])
    (tmp_path / "pose_landmark_full.tflite").write_bytes(contents["selfie_segmentation.tflite"])
    with pytest.raises(WeightsBrokenError, match="no output has 195 numbers"):
        _selected(tmp_path, allow_download=False)
    (tmp_path / "pose_landmark_full.tflite").write_bytes(contents["u2netp.onnx"])
    with pytest.raises(WeightsBrokenError, match="TensorFlow Lite"):
        _selected(tmp_path, allow_download=False)


def test_an_unknown_pose_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="there is no network 'huge'"):
        fetchable_files(tmp_path, pose="huge", cutouts="off", fine_segmenter="isnet")


def test_the_network_of_outfits_is_found_by_itself(server: Server, tmp_path: Path) -> None:
    write_body_network(tmp_path / "osnet_x0_25_msmt17.onnx", (0, 3, 256, 128), [np.zeros((1, 512))])
    assert select_outfit_network(tmp_path, CPU, allow_download=False).name == "osnet"


def test_the_command_fetches_the_files_of_assets_only_when_they_are_asked_for(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CURATION_IO__MODELS_DIR", str(tmp_path / "models"))
    assert main(["weights", "fetch", "--part", "assets"]) == 0
    told = capsys.readouterr().out
    assert all(name in told for name in FILES_OF_AUTO)
    assert {path.name for path in (tmp_path / "models").iterdir() if path.suffix in (".onnx", ".tflite")} == set(
        FILES_OF_AUTO
    )
    asked = len(server.requests)
    assert main(["weights", "fetch", "--part", "assets"]) == 0 and len(server.requests) == asked
    assert "nothing to fetch" in capsys.readouterr().out


def test_all_files_have_a_licence_a_contract_and_a_checksum_and_none_is_for_private_use_only() -> None:
    names = {name for network in BODY_NETWORKS.values() for name in network.files}
    for known in BODY_FILES:
        assert known.name in names and known.part == ASSETS_PART and known.contract and known.addresses
        assert known.sha256 or known.delivered.partition(":")[0] in ("sha256", "md5")
        assert "bria" not in f"{known.name} {known.addresses}".lower()
    # Each network can be downloaded in one form.
    assert {network.files[-1] for network in BODY_NETWORKS.values()} == {known.name for known in BODY_FILES}
