from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

from curation.cli.main import main
from curation.engines import selection
from curation.engines.weights import registry as weights
from curation.engines.weights.registry import KnownWeights
from tests.attribute_networks import write_network
from tests.integration.file_server import Manners, Server, serving

NAME = "other.onnx"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving() as running:
        known = {NAME: KnownWeights(NAME, "a net", "free of terms", addresses=(f"{running.address}/a",))}
        monkeypatch.setattr(weights, "REGISTRY", MappingProxyType(known))
        yield running


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "config.yaml"
    path.write_text("io:\n  models_dir: nets\n")
    return str(path)


def test_list_shows_state_source_and_licence(
    server: Server, config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--config", config, "weights", "list"]) == 0
    out = capsys.readouterr().out
    assert f"{NAME}  missing" in out and str(tmp_path / "nets" / NAME) in out
    assert "free of terms" in out and f"{server.address}/a" in out


def test_fetch_downloads_what_is_missing_then_verify_agrees(
    server: Server, config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.paths["/a"] = Manners(b"a network")
    assert main(["--config", config, "weights", "fetch"]) == 0
    assert (tmp_path / "nets" / NAME).read_bytes() == b"a network"
    assert "SHA-256" in capsys.readouterr().out
    assert main(["--config", config, "weights", "fetch"]) == 0
    assert "nothing to fetch" in capsys.readouterr().out
    assert len(server.requests) == 1
    assert main(["--config", config, "weights", "verify"]) == 0
    (tmp_path / "nets" / NAME).write_bytes(b"damaged")
    assert main(["--config", config, "weights", "verify"]) == 4
    assert "changed" in capsys.readouterr().out


def test_a_fetch_that_fails_exits_with_4(server: Server, config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", config, "weights", "fetch", NAME]) == 4
    assert "HTTP 404" in capsys.readouterr().err


def test_an_unknown_name_or_settings_file_exits_with_2(
    server: Server, config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--config", config, "weights", "fetch", "nonsense"]) == 2
    assert f"known: {NAME}" in capsys.readouterr().err
    assert main(["--config", "/no/such/file.yaml", "weights", "list"]) == 2
    with pytest.raises(SystemExit, match="2"):
        main(["weights"])


def test_the_environment_names_the_settings_file(
    server: Server, config: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CURATION_CONFIG", config)
    assert main(["weights", "list"]) == 0
    assert str(tmp_path / "nets") in capsys.readouterr().out


def test_ctrl_c_exits_with_130(server: Server, config: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(selection, "fetch_checked", interrupt)
    assert main(["--config", config, "weights", "fetch"]) == 130


def test_attribute_models_come_only_when_they_or_their_reader_are_named(
    server: Server,
    config: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = "fairface.onnx"
    network = tmp_path / "network.onnx"
    write_network(network, (3, 224, 224), [np.zeros(7), np.zeros(2), np.zeros(9)], has_probabilities=False)
    server.paths["/b"] = Manners(network.read_bytes())
    known = KnownWeights(
        name=file,
        purpose="tells ages",
        licence="free",
        addresses=(f"{server.address}/b",),
        contract="a face in, numbers out",
        reader="fairface",
    )
    monkeypatch.setattr(weights, "REGISTRY", MappingProxyType({file: known}))
    assert main(["--config", config, "weights", "fetch"]) == 0
    assert "nothing to fetch" in capsys.readouterr().out and not server.requests
    assert main(["--config", config, "weights", "fetch", "--reader", "fairface"]) == 0
    assert (tmp_path / "nets" / file).is_file()
    assert main(["--config", config, "weights", "fetch", "--reader", "nobody"]) == 2
    capsys.readouterr()
    assert main(["--config", config, "weights", "list"]) == 0
    out = capsys.readouterr().out
    assert "a face in, numbers out" in out and "not measured here" in out


def test_a_file_without_an_address_says_how_to_get_it(
    config: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    known = KnownWeights(name=NAME, purpose="tells ages", licence="free", advice="bake it yourself", reader="gear")
    monkeypatch.setattr(weights, "REGISTRY", MappingProxyType({NAME: known}))
    assert main(["--config", config, "weights", "fetch", NAME]) == 2
    assert "bake it yourself" in capsys.readouterr().err
    assert main(["--config", config, "weights", "list"]) == 0
    assert capsys.readouterr().out.count("bake it yourself") == 1
