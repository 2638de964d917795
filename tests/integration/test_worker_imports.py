"""A worker imports the libraries of its engine and of its stage, and no others."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path

import simplejpeg

from curation.bootstrap import worker_setup
from curation.engines.base import EngineSpec
from curation.engines.selection import select_engine
from curation.settings import load_settings
from curation.storage.analysis_store import AnalysisStore
from tests.face_photos import astronaut

# Each takes tenths of a second, or tens of megabytes.
NEVER = {"pandas", "sklearn", "scipy", "fastapi", "uvicorn", "PIL", "rawpy", "pillow_heif", "tensorflow", "torch"}
NEVER |= {"pydantic", "yaml", "onnx", "gdown", "requests", "bs4", "tqdm"}
OF_DEEPFACE = {"deepface", "retinaface"}

_WORKER = """
import json, pickle, sys
from pathlib import Path
from curation.pipelines.per_photo import AnalyseTask, analyse_photo_worker
from curation.worker_setup import build_worker

folder = Path(sys.argv[1])
build_worker(pickle.loads((folder / "worker").read_bytes()))
analysed = analyse_photo_worker(AnalyseTask("a.jpg", folder / "a.jpg", "key")).analysis
print(json.dumps([len(analysed.faces), sorted({name.partition(".")[0] for name in sys.modules})]))
"""


def _modules_of_a_worker(folder: Path, engine: str, models_dir: Path, root: Path) -> set[str]:
    io: dict[str, object] = {
        "input_dir": folder,
        "output_dir": folder,
        "state_dir": folder / "state",
        "models_dir": models_dir,
    }
    overrides: dict[str, dict[str, object]] = {"io": io, "engine": {"name": engine, "download": False}}
    settings = load_settings(None, default_root=folder, overrides=overrides)
    spec: EngineSpec = select_engine(settings, pinned=None, allow_download=False)
    AnalysisStore(folder / "state").close()
    (folder / "worker").write_bytes(pickle.dumps(worker_setup(settings, spec, None)))
    (folder / "a.jpg").write_bytes(simplejpeg.encode_jpeg(astronaut(), quality=95))
    done = subprocess.run(
        [sys.executable, "-c", _WORKER, str(folder)], cwd=root, capture_output=True, text=True, check=True
    )
    faces, modules = json.loads(done.stdout.splitlines()[-1])
    assert faces == 1
    return set(modules)


def test_a_worker_of_dlib(tmp_path: Path, project_root: Path) -> None:
    modules = _modules_of_a_worker(tmp_path, "dlib", tmp_path / "models", project_root)
    assert "dlib" in modules
    assert not modules & (NEVER | OF_DEEPFACE)


def test_a_worker_of_retinaface_arcface(tmp_path: Path, project_root: Path, test_data: Path) -> None:
    weights = test_data / "weights/deepface_home/.deepface/weights"
    models = tmp_path / "models"
    models.mkdir()
    for name in ("retinaface.onnx", "arcface_weights.onnx"):
        (models / name).symlink_to(weights / name)
    modules = _modules_of_a_worker(tmp_path, "retinaface-arcface", models, project_root)
    assert {"deepface", "retinaface", "onnxruntime"} <= modules
    assert not modules & (NEVER | {"dlib"})
