"""Calling run_clustering.py and run_scoring.py as a user does, in processes of their own."""

from __future__ import annotations

import json
import sqlite3
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.conftest import PROJECT_ROOT
from tests.processes import Finished, Run

__all__ = ["Place"]

STORE = "analysis.sqlite"


@dataclass(frozen=True)
class Place:
    """A folder of photos with results, state and models of its own; the engine is dlib, which is always there."""

    root: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def photos(self) -> Path:
        return self.root / "photos"

    @property
    def output(self) -> Path:
        return self.root / "results"

    @property
    def state(self) -> Path:
        return self.root / "state"

    def start(
        self,
        stage: str,
        *arguments: str | Path,
        cwd: Path | None = None,
        prefix: tuple[str, ...] = (),
        **variables: str,
    ) -> Run:
        """Start `run_<stage>.py`; without arguments on `photos` and `output` with dlib."""
        given = arguments or ("--input", self.photos, "--output", self.output, "--engine", "dlib")
        return Run(
            [*prefix, sys.executable, PROJECT_ROOT / f"run_{stage}.py", *given],
            cwd=cwd or self.root,
            variables={
                "CURATION_IO__STATE_DIR": str(self.state),
                "CURATION_IO__MODELS_DIR": str(self.root / "models"),
                "CURATION_PERFORMANCE__WORKERS": "1",
                "CURATION_ENGINE__DLIB__WORKING_SIZE_PX": "800",
                **self.variables,
                **variables,
            },
        )

    def run(
        self,
        stage: str,
        *arguments: str | Path,
        cwd: Path | None = None,
        prefix: tuple[str, ...] = (),
        **variables: str,
    ) -> Finished:
        """Run `run_<stage>.py` to its end."""
        return self.start(stage, *arguments, cwd=cwd, prefix=prefix, **variables).finish()

    def kept(self, table: str) -> int:
        """How many photos the store holds analyses or measures of."""
        path = self.state / STORE
        if not path.exists():
            return 0
        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=10)
        try:
            return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
        except sqlite3.OperationalError:  # the tables are being made
            return 0
        finally:
            connection.close()

    def forget(self, table: str) -> None:
        """Empty a table of the store: `analyses` or `measures`."""
        connection = sqlite3.connect(self.state / STORE)
        connection.execute(f"DELETE FROM {table}")
        connection.commit()
        connection.close()

    def record(self, stage: str) -> Any:
        """The run record of a stage."""
        return json.loads((self.output / f"{stage}_run.json").read_text(encoding="utf-8"))

    def left_over(self) -> list[Path]:
        """Temporary files, which no run may leave behind."""
        return [path for path in self.root.rglob("*") if path.name.endswith("tmp") or "-journal" in path.name]
