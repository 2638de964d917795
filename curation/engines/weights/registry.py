"""The model files that Curation knows: where they come from, under which licence, whether they are in place."""

from __future__ import annotations

import importlib.util
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

from curation.domain.grouping.grouping_rule import GroupingRule
from curation.engines.base import WeightsFile
from curation.engines.weights.download import DownloadProgress, download, file_sha256, write_atomically
from curation.engines.weights.grouping_rules import MEASURED
from curation.errors import SettingsError, StorageError, WeightsBrokenError, WeightsMissingError

__all__ = [
    "ARCFACE_FILE",
    "DLIB_DESCRIPTOR_FILE",
    "DLIB_DETECTOR_FILE",
    "DLIB_PREDICTOR_FILE",
    "RECORD_FILE",
    "REGISTRY",
    "RETINAFACE_FILE",
    "KnownWeights",
    "State",
    "WeightsStatus",
    "fetch",
    "grouping_rule",
    "locate",
    "status",
    "verify",
]

logger = logging.getLogger(__name__)

RETINAFACE_FILE = "retinaface.onnx"
ARCFACE_FILE = "arcface_weights.onnx"
DLIB_DESCRIPTOR_FILE = "dlib_face_recognition_resnet_model_v1.dat"
DLIB_DETECTOR_FILE = "mmod_human_face_detector.dat"
DLIB_PREDICTOR_FILE = "shape_predictor_68_face_landmarks.dat"

RECORD_FILE = "weights.json"
"""In the models folder: what was downloaded, and hashes of unchanged files, so that they are read once."""

_DLIB_PACKAGE = "face_recognition_models"


@dataclass(frozen=True, slots=True)
class KnownWeights:
    """A model file that Curation can use.

    Attributes:
        name: The file's name.
        purpose: What it does, for a list.
        licence: Terms of the file, in words; the code that reads it has its own.
        addresses: Where to download it, in order of preference; empty if it comes with a package.
        package: The Python package that holds it, if one does.
        sha256: Of its content (hex), where a trustworthy source publishes it or a package that the
            requirements pin contains it.
        size_bytes: Likewise.
    """

    name: str
    purpose: str
    licence: str
    addresses: tuple[str, ...] = ()
    package: str | None = None
    sha256: str | None = None
    size_bytes: int | None = None


_KNOWN = (
    KnownWeights(
        name=RETINAFACE_FILE,
        purpose="engine retinaface-arcface: finds faces (RetinaFace, ResNet-50)",
        licence="code MIT (retina-face); the weights were trained on WIDER FACE, which is for research use",
        # As in retinaface.model.retinaface_onnx_model of retina-face 0.0.19.
        addresses=(
            "https://github.com/serengil/deepface_models/releases/download/v1.0/retinaface.onnx",
            "https://huggingface.co/serengil/deepface/resolve/main/retinaface.onnx",
        ),
    ),
    KnownWeights(
        name=ARCFACE_FILE,
        purpose="engine retinaface-arcface: embeds faces (ArcFace, ResNet-34)",
        licence=(
            "code MIT (deepface, Keras_insightface); the weights were trained on CASIA-WebFace in the way of "
            "insightface, whose models are for non-commercial research only"
        ),
        # As in deepface.models.facial_recognition.onnx.ArcFace of deepface 0.0.103.
        addresses=(
            "https://github.com/serengil/deepface_models/releases/download/v1.0/arcface_weights.onnx",
            "https://huggingface.co/serengil/deepface/resolve/main/arcface_weights.onnx",
        ),
    ),
    KnownWeights(
        name=DLIB_DESCRIPTOR_FILE,
        purpose="engine dlib: embeds faces (ResNet-29)",
        licence="public domain (CC0), by Davis King",
        package=_DLIB_PACKAGE,
        sha256="55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
        size_bytes=22_466_066,
    ),
    KnownWeights(
        name=DLIB_DETECTOR_FILE,
        purpose="engine dlib: finds faces (MMOD)",
        licence="public domain (CC0), by Davis King",
        package=_DLIB_PACKAGE,
        sha256="4cb19393e2fbaf2b1609a9319ad5386618c886a6234ec1b971f3e87c85d87fe6",
        size_bytes=729_940,
    ),
    KnownWeights(
        name=DLIB_PREDICTOR_FILE,
        purpose="engine dlib and scoring: 68 landmarks of a face",
        licence="trained on iBUG 300-W, whose licence excludes commercial use: research only",
        package=_DLIB_PACKAGE,
        sha256="fbdc2cb80eb9aa7a758672cbfdda32ba6300efe9b6e6c7a299ff7e736b11b92f",
        size_bytes=99_693_937,
    ),
)

REGISTRY: Mapping[str, KnownWeights] = MappingProxyType({known.name: known for known in _KNOWN})
"""All known files, by name."""


# deepface.config.threshold of deepface 0.0.103: pairs of faces, ArcFace, cosine.
_PUBLISHED_ARCFACE = 0.68


class State(StrEnum):
    """Whether a model file can be used."""

    PRESENT = "present"
    MISSING = "missing"
    BROKEN = "broken"
    CHANGED = "changed"
    """It is there, but is not the file that was downloaded: somebody replaced it."""


@dataclass(frozen=True, slots=True)
class WeightsStatus:
    """A known file and what lies at its place.

    Attributes:
        known: The registry's entry.
        path: Where it is, or has to be; None if its package is not installed.
        state: Whether it can be used.
        size_bytes: Of what lies there.
        sha256: Of what lies there.
        remark: A sentence for the user if the state is not `present`.
    """

    known: KnownWeights
    path: Path | None
    state: State
    size_bytes: int | None
    sha256: str | None
    remark: str = ""


def grouping_rule(embedder_sha256: str) -> tuple[float, GroupingRule | None, str]:
    """When faces are one person.

    Returns:
        The cosine distance up to which two faces are, the rule that was measured for the weights, if one was,
        and where they come from, in words.
    """
    measured = MEASURED.get(embedder_sha256)
    if measured is not None:
        return measured.rule.single_distance, measured.rule, f"measured for these weights ({measured.what})"
    return (
        _PUBLISHED_ARCFACE,
        None,
        "published by deepface for ArcFace; these weights were not measured, so check the clusters and set "
        "clustering.distance_threshold if persons are merged or split",
    )


def status(models_dir: Path) -> list[WeightsStatus]:
    """Look at every known file, reading those whose size or time changed since the last look.

    Raises:
        StorageError: If a file that is there cannot be read.
    """
    record = _Record(models_dir)
    found = [_status_of(known, models_dir, record.sha256_of, record) for known in REGISTRY.values()]
    record.save()
    return found


def verify(models_dir: Path) -> list[WeightsStatus]:
    """Like `status`, but read every file to its end.

    Raises:
        StorageError: If a file that is there cannot be read.
    """
    record = _Record(models_dir)
    found = [_status_of(known, models_dir, record.fresh_sha256_of, record) for known in REGISTRY.values()]
    record.save()
    return found


def locate(name: str, models_dir: Path, *, check: Callable[[WeightsFile], None] | None = None) -> WeightsFile:
    """Find a model file and make sure of its content; never downloads.

    Args:
        name: Of a known file, or of any other that the user put into the models folder.
        models_dir: The models folder.
        check: Loads the file and raises `WeightsBrokenError` if it cannot; called once for each
            content that was not yet seen.

    Raises:
        WeightsMissingError: If it is not there; names the file, the place and the addresses.
        WeightsBrokenError: If its content is not the known one, or `check` refuses it.
        StorageError: If it cannot be read.
    """
    known = REGISTRY.get(name)
    path = _place(known, models_dir) if known else models_dir / name
    if path is None or not path.is_file():
        raise WeightsMissingError(_missing_message(name, models_dir))
    record = _Record(models_dir)
    sha256 = record.sha256_of(path)
    if known and known.sha256 not in (None, sha256):
        raise WeightsBrokenError(_wrong_hash(known, path, sha256))
    downloaded = record.downloaded_sha256(name)
    if downloaded not in (None, sha256):
        logger.warning("%s is not the file that was downloaded (SHA-256 %s, was %s)", path, sha256, downloaded)
    weights = WeightsFile(name, path, sha256)
    if check is not None and not record.is_checked(path):
        check(weights)
        record.set_checked(path)
    record.save()
    return weights


def fetch(
    name: str,
    models_dir: Path,
    *,
    progress: DownloadProgress | None = None,
    connect_timeout_s: float = 5.0,
    check: Callable[[WeightsFile], None] | None = None,
) -> WeightsFile:
    """Download a known file into the models folder.

    The hash of the first download is recorded where nobody publishes one; later downloads must match.

    Args:
        name: Of a known file that has addresses.
        models_dir: The models folder; made if need be.
        progress: Called as bytes arrive.
        connect_timeout_s: How long to wait for any source to answer.
        check: Loads the file and raises `WeightsBrokenError` if it cannot.

    Raises:
        SettingsError: If no file of this name is known, or it is not to be downloaded.
        WeightsMissingError: If no source gave it; names the file, the place and the addresses.
        WeightsBrokenError: If what came is not the right content.
        StorageError: If it cannot be written.
        BusyError: If another process is at it for too long.
    """
    known = REGISTRY.get(name)
    if known is None:
        raise SettingsError(f"no weights are known by the name {name}; known: {', '.join(REGISTRY)}")
    if not known.addresses:
        raise SettingsError(f"{name} comes with the Python package {known.package} and is not downloaded")
    recorded = _Record(models_dir).downloaded_sha256(name)

    def look(path: Path) -> None:
        if check is not None:
            check(WeightsFile(name, path, ""))

    try:
        got = download(
            known.addresses,
            models_dir / name,
            sha256=known.sha256 or recorded,
            size_bytes=known.size_bytes,
            check=look,
            progress=progress,
            connect_timeout_s=connect_timeout_s,
        )
    except WeightsMissingError as error:
        raise WeightsMissingError(
            f"{error}\nRun `python -m curation weights fetch {name}` when there is a network, or put the file at "
            f"{models_dir / name} yourself."
        ) from error
    except WeightsBrokenError as error:
        hint = f"\nIf its makers have published a new version, remove {name} from {models_dir / RECORD_FILE}."
        raise WeightsBrokenError(f"{error}{hint if recorded else ''}") from error
    record = _Record(models_dir)
    record.set_downloaded(name, got.sha256, got.size_bytes, got.address)
    sha256 = record.sha256_of(got.path)
    record.set_checked(got.path)
    record.save()
    logger.info("fetched %s (SHA-256 %s) from %s", got.path, got.sha256, got.address)
    return WeightsFile(name, got.path, sha256)


def _status_of(known: KnownWeights, models_dir: Path, hash_of: Callable[[Path], str], record: _Record) -> WeightsStatus:
    path = _place(known, models_dir)
    if path is None or not path.is_file():
        remark = (
            f"`python -m curation weights fetch {known.name}` downloads it"
            if known.addresses
            else f"install the Python package {known.package}"
        )
        return WeightsStatus(known, path, State.MISSING, None, None, remark)
    sha256, size = hash_of(path), path.stat().st_size
    if known.sha256 not in (None, sha256):
        return WeightsStatus(known, path, State.BROKEN, size, sha256, _wrong_hash(known, path, sha256))
    downloaded = record.downloaded_sha256(known.name)
    if downloaded not in (None, sha256):
        remark = f"the downloaded file had the SHA-256 {downloaded}; fetch it again unless you replaced it yourself"
        return WeightsStatus(known, path, State.CHANGED, size, sha256, remark)
    return WeightsStatus(known, path, State.PRESENT, size, sha256)


def _place(known: KnownWeights, models_dir: Path) -> Path | None:
    if known.package is None:
        return models_dir / known.name
    # Located, not imported: the package's own import fails with newer setuptools.
    spec = importlib.util.find_spec(known.package)
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        return Path(folder) / "models" / known.name
    return None


def _missing_message(name: str, models_dir: Path) -> str:
    known = REGISTRY.get(name)
    if known is not None and known.package is not None:
        return f"{name} is missing: install the Python package {known.package} again"
    lines = [f"{name} is missing: it must lie at {models_dir / name}."]
    if known is None:
        lines.append(f"Put it there, or name another file in config.yaml; known: {', '.join(REGISTRY)}.")
    else:
        lines.append(f"`python -m curation weights fetch {name}` downloads it, or put it there yourself from one of")
        lines.extend(f"  {address}" for address in known.addresses)
    return "\n".join(lines)


def _wrong_hash(known: KnownWeights, path: Path, sha256: str) -> str:
    remedy = f"install the package {known.package} again" if known.package else "delete it and fetch it again"
    return f"{path} is not the right file: its SHA-256 is {sha256}, but must be {known.sha256}; {remedy}"


class _Record:
    """`weights.json` of a models folder: what was downloaded, and hashes by path, size and time."""

    def __init__(self, models_dir: Path) -> None:
        self._path = models_dir / RECORD_FILE
        self._downloads: dict[str, Any] = {}
        self._hashes: dict[str, Any] = {}
        self._changed = False
        try:
            data = json.loads(self._path.read_text(encoding="utf-8"))
            self._downloads, self._hashes = dict(data["downloads"]), dict(data["hashes"])
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, TypeError) as error:
            logger.warning("%s cannot be read (%s); hashes are taken anew", self._path, error)

    def sha256_of(self, path: Path) -> str:
        """The hash of a file, read only if its size or time changed."""
        entry = self._hashes.get(str(path))
        if isinstance(entry, dict) and (entry.get("size_bytes"), entry.get("mtime_ns")) == _stamp(path):
            return str(entry.get("sha256"))
        return self.fresh_sha256_of(path)

    def fresh_sha256_of(self, path: Path) -> str:
        """The hash of a file, read to its end."""
        size, mtime = _stamp(path)
        sha256 = file_sha256(path)
        entry = self._hashes.get(str(path))
        checked = isinstance(entry, dict) and entry.get("sha256") == sha256 and entry.get("loads") is True
        self._hashes[str(path)] = {"size_bytes": size, "mtime_ns": mtime, "sha256": sha256, "loads": checked}
        self._changed = True
        return sha256

    def is_checked(self, path: Path) -> bool:
        """Whether this content has been loaded before."""
        return self._hashes[str(path)].get("loads") is True

    def set_checked(self, path: Path) -> None:
        """Note that this content could be loaded."""
        self._hashes[str(path)]["loads"] = True
        self._changed = True

    def downloaded_sha256(self, name: str) -> str | None:
        """The hash that the first download of a file had."""
        entry = self._downloads.get(name)
        return str(entry["sha256"]) if isinstance(entry, dict) and "sha256" in entry else None

    def set_downloaded(self, name: str, sha256: str, size_bytes: int, address: str) -> None:
        """Note a download."""
        self._downloads[name] = {"sha256": sha256, "size_bytes": size_bytes, "address": address}
        self._changed = True

    def save(self) -> None:
        """Write what changed; a folder that cannot be written only costs reading the files again."""
        if not self._changed or not self._path.parent.is_dir():
            return
        data = {"downloads": self._downloads, "hashes": self._hashes}
        try:
            write_atomically(self._path, json.dumps(data, indent=1, sort_keys=True).encode())
        except StorageError as error:
            logger.debug("hashes of weights are not kept: %s", error)


def _stamp(path: Path) -> tuple[int, int]:
    try:
        state = path.stat()
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error}") from error
    return state.st_size, state.st_mtime_ns
