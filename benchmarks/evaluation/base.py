"""What the sections of the evaluation share: the table, the labelled photos, the clustering of a folder.

A section is a module of this package that offers

    def tables(evaluation: Evaluation) -> Iterator[Table]

and is named in `benchmarks.evaluation.__main__.SECTIONS`. It yields its tables one after the other (one per engine
where engines differ), judges at the default settings, names the data and their size in the caption or the rows, and
raises `Unavailable` with the reason where data or weights are absent: what stands in docs/accuracy.md then stays.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks.report import Unavailable
from curation.bootstrap import build
from curation.domain.faces.face import FaceRow
from curation.domain.report import ClusteringReport
from curation.errors import CurationError
from curation.settings import Settings, load_settings
from curation.storage.face_data_file import EMBEDDINGS, FACE_DATA, read_embeddings, read_face_data

__all__ = ["ClusteredEvent", "Evaluation", "Section", "Table", "Unavailable"]

ENGINES = ("retinaface-arcface", "dlib")
_PROJECT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of figures.

    Attributes:
        caption: What was measured, on which data, at which settings; one or two sentences.
        header: Names of the columns.
        rows: Cells as they are printed.
    """

    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        """The caption and the table."""
        lines = ["| " + " | ".join(self.header) + " |", "|" + "---|" * len(self.header)]
        lines += ["| " + " | ".join(row) + " |" for row in self.rows]
        return f"{self.caption}\n\n" + "\n".join(lines) + "\n"


class Section(Protocol):
    """The function that each section offers under the name `tables`."""

    def __call__(self, evaluation: Evaluation) -> Iterator[Table]:
        """Measure, and yield each table as soon as it is known."""


@dataclass(frozen=True, slots=True, eq=False)
class ClusteredEvent:
    """What run_clustering.py makes of a folder.

    Attributes:
        report: Counts and time.
        rows: Of face_data.csv.
        embeddings: (N, D), row i belongs to `rows[i]`.
        output: The folder with every output.
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
        engines: To be measured.
        scratch: Folder for outputs and the analysis store; what lies there already is not analysed again.
        workers: Processes; 0 takes one per core.
    """

    data: Path
    models: Path
    engines: Sequence[str]
    scratch: Path
    workers: int = 0

    def set_folder(self, name: str) -> Path:
        """The folder of a labelled set.

        Raises:
            Unavailable: If it is not there.
        """
        folder = self.data / "photos" / name
        if not folder.is_dir():
            raise Unavailable(f"{folder} is not there")
        return folder

    def labels(self, name: str, *, column: str = "person") -> dict[str, set[str]]:
        """The values of one column of a set's labels.csv, by path.

        Raises:
            Unavailable: If the set is not there.
        """
        out: dict[str, set[str]] = defaultdict(set)
        with (self.set_folder(name) / "labels.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                out[row["path"]].add(row[column])
        return dict(out)

    def settings(self, engine: str, **sections: dict[str, Any]) -> Settings:
        """The defaults for an engine, with the folders of this evaluation; `sections` overrides."""
        overrides: dict[str, dict[str, Any]] = {
            "io": {"state_dir": self.scratch / "state", "models_dir": self.models, **sections.pop("io", {})},
            "engine": {"name": engine, "download": False, **sections.pop("engine", {})},
            "performance": {"workers": self.workers, **sections.pop("performance", {})},
            **sections,
        }
        return load_settings(None, default_root=_PROJECT, overrides=overrides)

    def clustered(self, engine: str, folder: Path, name: str) -> ClusteredEvent:
        """Cluster a folder as run_clustering.py does, into a fresh output folder called after `name`.

        Raises:
            Unavailable: If the engine's weights are not there.
        """
        # Numbered, so that no earlier run's clusters are carried over.
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
