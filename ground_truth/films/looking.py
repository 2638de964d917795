"""How the program looks at films that are measured: the default settings on the weights of the test data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from curation.bootstrap import video_analyser, video_setup
from curation.domain.film.people import TrailerResult
from curation.engines.base import FaceEngine
from curation.engines.building import build_engine
from curation.errors import CurationError
from curation.pipelines.video.analysis import FilmAnalyser
from curation.pipelines.video.setup import VideoSetup
from curation.pipelines.video.trailer import infer_on_trailer
from curation.settings import Settings, load_settings
from ground_truth.errors import Unavailable

__all__ = ["FilmProgram"]

_PROJECT = Path(__file__).parents[2]
_ONNX = Path("weights/onnx")


class FilmProgram:
    """The program as it looks at films, with a store of its own.

    Attributes:
        settings: Of the program.
        setup: Of its films.
        analyser: Looks at them.
    """

    def __init__(
        self, data: Path, models: Path, scratch: Path, *, workers: int = 1, state: str = "film state", **video: Any
    ) -> None:
        """Find the weights.

        Args:
            data: Folder of the test data.
            models: Folder with retinaface.onnx and arcface_weights.onnx.
            scratch: For links to the weights, and for the store.
            workers: Worker processes.
            state: Folder below `scratch` of what is kept of films; another one looks at them anew.
            video: Settings of the section `video`; the others have their defaults.

        Raises:
            Unavailable: If weights or the packages of the extra video are missing.
        """
        linked = _linked(data, models, scratch)
        self.settings: Settings = load_settings(
            None,
            default_root=_PROJECT,
            overrides={
                "io": {"state_dir": scratch / state, "models_dir": linked},
                "engine": {"name": "retinaface-arcface", "download": False},
                "performance": {"workers": workers},
                "video": video,
            },
        )
        try:
            self.setup: VideoSetup = video_setup(self.settings)
        except CurationError as error:
            raise Unavailable(str(error).splitlines()[0]) from error
        self.analyser: FilmAnalyser = video_analyser(self.settings, self.setup)

    def result(self, path: Path) -> TrailerResult:
        """The characters of a film."""
        return infer_on_trailer(path, self.analyser, self.setup, progress=lambda _: None)

    def film_engine(self) -> FaceEngine:
        """The engine as it looks at pictures of films."""
        return build_engine(self.setup.engine)

    def poster_engine(self) -> FaceEngine:
        """The engine as it looks at posters."""
        return build_engine(self.setup.poster_engine)


def _linked(data: Path, models: Path, scratch: Path) -> Path:
    """A folder with links to all weights, so that nothing is written into the folder of the test data."""
    folder = scratch / "film models"
    folder.mkdir(parents=True, exist_ok=True)
    for source in (models, data / _ONNX):
        for file in sorted(source.glob("*.onnx")):
            link = folder / file.name
            if not link.exists():
                link.symlink_to(file.resolve())
    return folder
