from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from curation.engines.base import EngineSpec
from curation.engines.building import build_engine
from curation.engines.weights.registry import ARCFACE_FILE, RETINAFACE_FILE
from curation.errors import SettingsError


def test_an_unknown_engine_cannot_be_built() -> None:
    with pytest.raises(SettingsError, match="known: retinaface-arcface, dlib"):
        build_engine(EngineSpec("facenet", (), (), 0.5, "", (), ""))


_BUILD = """
import json, os, sys, warnings
from pathlib import Path
home = Path(sys.argv[3]); home.mkdir()
os.environ["HOME"] = str(home)
for key in ("DEEPFACE_HOME", "DEEPFACE_BACKEND_ENGINE", "ORT_DISABLE_TELEMETRY"): os.environ.pop(key, None)
filters = list(warnings.filters)
import curation.engines.building, curation.engines.selection
import curation.engines.retinaface.engine, curation.engines.dlib.engine
foreign = ("deepface", "retinaface", "onnxruntime", "dlib", "tensorflow", "torch")
untouched = "DEEPFACE_HOME" not in os.environ and not set(foreign) & set(sys.modules)
from curation.settings import load_settings
models = Path(sys.argv[2])
overrides = {"io": {"models_dir": str(models)}, "engine": {"name": sys.argv[1], "download": False}}
spec = curation.engines.selection.select_engine(
    load_settings(None, default_root=models, overrides=overrides), pinned=None, allow_download=False
)
curation.engines.building.build_engine(spec)
loaded = [name for name in foreign if name in sys.modules]
print(json.dumps({
    "untouched": untouched, "loaded": loaded, "in_home": [path.name for path in home.iterdir()],
    "filters": [f for f in warnings.filters if f[0] == "ignore" and f[1] is None and f[2] is Warning] != [],
}))
"""


def _built_in_a_process(name: str, models_dir: Path, home: Path, root: Path) -> dict[str, Any]:
    command = [sys.executable, "-c", _BUILD, name, str(models_dir), str(home)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def test_a_worker_of_dlib_loads_nothing_of_the_other_engine(tmp_path: Path, project_root: Path) -> None:
    result = _built_in_a_process("dlib", tmp_path, tmp_path / "home", project_root)
    assert result == {"untouched": True, "loaded": ["onnxruntime", "dlib"], "in_home": [], "filters": False}


def test_a_worker_of_retinaface_arcface_loads_no_dlib_and_leaves_the_home_alone(
    tmp_path: Path, project_root: Path, test_data: Path
) -> None:
    for name in (RETINAFACE_FILE, ARCFACE_FILE):
        (tmp_path / name).symlink_to(test_data / "weights/deepface_home/.deepface/weights" / name)
    result = _built_in_a_process("retinaface-arcface", tmp_path, tmp_path / "home", project_root)
    loaded = ["deepface", "retinaface", "onnxruntime"]
    assert result == {"untouched": True, "loaded": loaded, "in_home": [], "filters": False}
