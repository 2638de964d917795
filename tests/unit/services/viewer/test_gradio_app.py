"""The viewer in Gradio, with a stand-in for the module: it is in no lock of ours."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from curation.cli.main import main
from curation.errors import ExtraMissingError
from curation.services.answers import ImageAnswer
from curation.services.viewer.gradio_app import HOW_TO_INSTALL, USUAL, Viewer, build_viewer, gradio_module
from curation.settings.services import ServicesSettings
from tests.fake_face_services import FakeFaceServices
from tests.unit.api.routes.test_attributes import picture


class FakeComponent:
    """Any part of a page: notes what happens to it."""

    def __init__(self, *given: Any, **options: Any) -> None:
        self.given, self.options = given, options
        self.events: dict[str, tuple[Callable[..., Any], Any, Any]] = {}
        self.launched: dict[str, Any] | None = None

    def __enter__(self) -> FakeComponent:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def click(self, run: Callable[..., Any], inputs: Any, outputs: Any) -> None:
        self.events["click"] = (run, inputs, outputs)

    def load(self, run: Callable[..., Any], inputs: Any, outputs: Any) -> None:
        self.events["load"] = (run, inputs, outputs)

    def launch(self, **options: Any) -> None:
        self.launched = options


class FakeGradio(ModuleType):
    """Has the components that Gradio has had for years, and remembers those that were made."""

    def __init__(self) -> None:
        super().__init__("gradio")
        self.made: list[tuple[str, FakeComponent]] = []
        for name in ("Blocks", "Row", "Column", "Markdown", "Image", "Dropdown", "Button", "Textbox", "JSON"):
            setattr(self, name, self._maker(name))

    def _maker(self, name: str) -> Callable[..., FakeComponent]:
        def make(*given: Any, **options: Any) -> FakeComponent:
            component = FakeComponent(*given, **options)
            self.made.append((name, component))
            return component

        return make

    def of(self, name: str) -> list[FakeComponent]:
        return [component for kind, component in self.made if kind == name]


@pytest.fixture
def fake() -> FakeFaceServices:
    return FakeFaceServices()


@pytest.fixture
def viewer(fake: FakeFaceServices) -> Viewer:
    return Viewer(fake.connected(ServicesSettings()))


@pytest.fixture
def photo(tmp_path: Path) -> str:
    path = tmp_path / "a.png"
    path.write_bytes(picture())
    return str(path)


class TestViewer:
    def test_shows_the_picture_the_words_and_the_document(self, viewer: Viewer, photo: str) -> None:
        shown, said, document, difference, other = viewer.look(photo, USUAL, "nobody")
        assert shown is not None
        assert shown.size == (200, 120)
        assert said.splitlines()[0].startswith("Face 1: age about 28")
        assert "cannot tell" in said
        assert len(document["faces"]) == 2
        assert (difference, other) == ("", None)

    def test_compares_two_readers_and_stores_the_first(
        self, viewer: Viewer, photo: str, fake: FakeFaceServices
    ) -> None:
        *_, difference, other = viewer.look(photo, USUAL, "openvino")
        assert "4 years apart" in difference
        assert other["faces"][0]["age"]["reader"] == "openvino"
        assert [skipped for _, skipped in fake.asked] == [False, True]

    def test_says_what_is_wrong(self, viewer: Viewer, photo: str, fake: FakeFaceServices, tmp_path: Path) -> None:
        assert viewer.look(None, USUAL, "nobody")[1] == "Choose a picture first."
        assert "cannot be read" in viewer.look(str(tmp_path / "gone.png"), USUAL, "nobody")[1]
        fake.failure = ImageAnswer("Failed: x", None, "busy", "too many wait: try again", "RESOURCE_EXHAUSTED")
        assert viewer.look(photo, USUAL, "nobody") == (None, "Too many wait: try again", None, "", None)

    def test_says_how_to_start_the_services(self, viewer: Viewer, fake: FakeFaceServices) -> None:
        assert viewer.state() == "The attribute services are running."
        fake.health_of = {}
        assert viewer.state().endswith("Start them: python -m curation services up")


def test_the_page_connects_button_and_parts(photo: str, fake: FakeFaceServices) -> None:
    gradio = FakeGradio()
    page = build_viewer(fake.connected(ServicesSettings()), gradio)
    run, inputs, outputs = gradio.of("Button")[0].events["click"]
    assert inputs == [gradio.of("Image")[0], *gradio.of("Dropdown")]
    assert len(outputs) == len(run(photo, USUAL, "gear")) == 5
    assert [component.given[0][0] for component in gradio.of("Dropdown")] == [USUAL, "nobody"]
    state, _, where = page.events["load"]
    assert (state(), where) == ("The attribute services are running.", gradio.of("Textbox")[0])


def test_an_error_of_the_program_is_a_sentence(photo: str, fake: FakeFaceServices) -> None:
    gradio = FakeGradio()
    build_viewer(fake.connected(ServicesSettings()), gradio)
    run, *_ = gradio.of("Button")[0].events["click"]
    assert "unexpected error" in run(3.5, USUAL, "nobody")[1]


class TestCommand:
    def test_without_gradio_it_says_how_to_get_it(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setitem(sys.modules, "gradio", None)
        with pytest.raises(ExtraMissingError, match="an environment of its own"):
            gradio_module()
        assert main(["services", "viewer"]) == 2
        assert HOW_TO_INSTALL in capsys.readouterr().err

    def test_listens_on_this_machine_only(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        gradio = FakeGradio()
        monkeypatch.setitem(sys.modules, "gradio", gradio)
        assert main(["services", "viewer", "--port", "7999"]) == 0
        page = gradio.of("Blocks")[0]
        assert page.options["analytics_enabled"] is False
        launched = page.launched
        assert launched is not None
        assert (launched["server_name"], launched["server_port"], launched["share"]) == ("127.0.0.1", 7999, False)
        assert "http://127.0.0.1:7999/" in capsys.readouterr().out
