"""What is run inside the image, as text: its user and rights, and whether everything can be imported and drawn."""

from __future__ import annotations

__all__ = ["INSIDE"]

INSIDE = """
import importlib, os, pkgutil, shutil, sys, time

begun = time.monotonic()
status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())
assert os.getuid() == os.getgid() == 10001, (os.getuid(), os.getgid())
assert int(status["CapEff"], 16) == 0 and status["NoNewPrivs"].strip() == "1", status
for folder in ("/", "/app", "/opt/venv", "/data", "/opt/bytecode"):
    try:
        open(os.path.join(folder, "x"), "w")
    except OSError:
        continue
    raise SystemExit(f"{folder} can be written")
for program in ("pip", "pip3", "gcc", "cc", "ld", "make"):
    assert shutil.which(program) is None, program

import curation
names = [found.name for found in pkgutil.walk_packages(curation.__path__, "curation.")]
names = [name for name in names if not name.endswith("__main__")]
# Curation's own viewer of the attribute services, whose package is no extra.
for name in [*names, "main_api", "run_clustering", "run_scoring"]:
    importlib.import_module(name)
import av, celery, cv2, dlib, grpc, grpc_health.v1.health, grpc_reflection.v1alpha.reflection, kombu, lxml.etree
import obstore.store, onnx, onnxruntime, opentimelineio, pandas, pgvector.psycopg, pillow_heif, psycopg, rawpy
import pyarrow.parquet, redis, scipy.optimize, sklearn.cluster, sqlalchemy.dialects.postgresql, uvloop, httptools
from deepface.models.facial_recognition.onnx.ArcFace import ArcFaceClient
from retinaface.commons import postprocess

# The libraries work, whose symbols for debuggers were cut off.
import numpy
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
figure = Figure(layout="constrained")
figure.subplots().plot([1, 2], label="a")
FigureCanvasAgg(figure).print_png(open("/tmp/chart.png", "wb"))
assert sklearn.cluster.KMeans(2, n_init=1).fit(numpy.eye(4)).labels_.shape == (4,)
assert scipy.optimize.milp([1.0], bounds=(1, 2)).x[0] == 1
assert cv2.imread("/tmp/chart.png") is not None
table = pyarrow.table({"a": [1, 2]})
pyarrow.parquet.write_table(table, "/tmp/a.parquet")
assert pyarrow.parquet.read_table("/tmp/a.parquet").equals(table)
with av.open("/tmp/a.mkv", "w") as film:
    stream = film.add_stream("mpeg4", rate=5)
    stream.width = stream.height = 64
    for _ in range(3):
        film.mux(stream.encode(av.VideoFrame.from_ndarray(numpy.zeros((64, 64, 3), "uint8"))))
    film.mux(stream.encode())
assert sum(1 for _ in av.open("/tmp/a.mkv").decode(video=0)) == 3

own = [m for m in sys.modules.values() if (getattr(m, "__file__", None) or "").startswith(("/app", "/opt/venv"))]
loaded = [m for m in own if m.__file__.endswith(".py")]
stale = [m.__name__ for m in loaded if not os.path.exists(importlib.util.cache_from_source(m.__file__))]
assert len(stale) < 60, f"{len(stale)} modules have no byte code: {stale[:80]}"
print(f"{len(names)} modules and their libraries load, {len(stale)} of {len(loaded)} without byte code")
"""
