"""Where the labelled photos are, and how the program clusters them."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.bootstrap import build
from curation.domain.faces.face import FaceRow
from curation.domain.report import ClusteringReport
from curation.errors import CurationError
from curation.settings import Settings, load_settings
from curation.storage.face_data_file import EMBEDDINGS, FACE_DATA, read_embeddings, read_face_data
from ground_truth.errors import Unavailable

__all__ = ["ENGINES", "ClusteredEvent", "Evaluation"]

ENGINES = ("retinaface-arcface", "dlib")
_PROJECT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True, eq=False)
class ClusteredEvent:
    """The results of run_clustering.py for a folder.

    Attributes:
        report: Counts and time.
        rows: The rows of face_data.csv.
        embeddings: (N, D) float32; row i belongs to `rows[i]`.
        output: The output folder.
    """

    report: ClusteringReport
    rows: list[FaceRow]
    embeddings: NDArray[np.float32]
    output: Path


@dataclass(slots=True)
class Evaluation:
    """Where the data are, and how the program is run on them.

    Attributes:
        data: Folder with photos/ and weights/.
        models: Folder with retinaface.onnx and arcface_weights.onnx.
        engines: Names of the engines to measure.
        scratch: Folder for outputs and the analysis store; photos that the store already holds are not analysed again.
        workers: Number of worker processes; 0 takes one per core.
        verbose: Whether sections print each case that went wrong.
    """

    data: Path
    models: Path
    engines: Sequence[str]
    scratch: Path
    workers: int = 0
    verbose: bool = False

    def set_folder(self, name: str) -> Path:
        """The folder of a labelled set.

        Raises:
            Unavailable: If it is missing.
        """
        folder = self.data / "photos" / name
        if not folder.is_dir():
            raise Unavailable(f"{folder} is missing")
        return folder

    def labels(self, name: str, *, column: str = "person") -> dict[str, set[str]]:
        """The values of one column of a set's labels.csv, by path.

        Raises:
            Unavailable: If the set is missing.
        """
        out: dict[str, set[str]] = defaultdict(set)
        with (self.set_folder(name) / "labels.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                out[row["path"]].add(row[column])
        return dict(out)

    def settings(self, engine: str, **sections: dict[str, Any]) -> Settings:
        """The default settings of an engine, with the folders of this evaluation; `sections` overrides them."""
        overrides: dict[str, dict[str, Any]] = {
            "io": {"state_dir": self.scratch / "state", "models_dir": self.models, **sections.pop("io", {})},
            "engine": {"name": engine, "download": False, **sections.pop("engine", {})},
            "performance": {"workers": self.workers, **sections.pop("performance", {})},
            **sections,
        }
        return load_settings(None, default_root=_PROJECT, overrides=overrides)

    def clustered(self, engine: str, folder: Path, name: str) -> ClusteredEvent:
        """Cluster a folder as run_clustering.py does, into a new output folder named after `name`.

        Raises:
            Unavailable: If the engine's weights are missing.
        """
        # Numbered, so that no cluster ids are taken over from an earlier run.
        place = self.scratch / "outputs" / f"{engine}-{name}"
        number = 0
        while (output := place.with_name(f"{place.name}-{number}")).exists():
            number += 1
        settings = self.settings(engine, io={"input_dir": folder.resolve(), "output_dir": output})
        try:
            report = build(settings).run_clustering()
        except CurationError as error:
            raise Unavailable(str(error).splitlines()[0]) from error
        rows = read_face_data(output / FACE_DATA)
        return ClusteredEvent(report, rows, read_embeddings(output / EMBEDDINGS, rows), output)
