"""output_clusters/: the best face and varied samples of each cluster, for labelling."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from curation.errors import StorageError
from curation.parsing.json_text import read_json
from curation.storage.atomic import explained, sweep_temporaries, write_bytes

__all__ = ["CLUSTERS_DIR", "ClusterPictures", "sample_name", "sweep_pictures"]

CLUSTERS_DIR = "output_clusters"
"""The name of the folder in the output folder."""

_MANIFEST = ".curation-files.json"
_OTHER_CHARS = re.compile(r"[^A-Za-z0-9_-]+")
_MAX_STEM_CHARS = 60


def sample_name(place: int, image_path: str, face_index: int) -> str:
    """File name of a sample: its place among the samples (1 is best), its photo and its face."""
    stem = _OTHER_CHARS.sub("_", PurePosixPath(image_path).stem)[:_MAX_STEM_CHARS].strip("_") or "photo"
    return f"{place:02d}_{stem}_face{face_index}.jpg"


def sweep_pictures(folder: Path) -> None:
    """Remove the temporary files that killed runs left in the folder of pictures and its sub-folders.

    Raises:
        StorageError: If one cannot be removed.
    """
    for place in (folder, *folder.glob("cluster_*/")):
        sweep_temporaries(place)


class ClusterPictures:
    """Writes the pictures of a run, and then removes those of earlier runs that it did not write again.

    Each run lists its files in a manifest before it writes them; only files in the manifest are ever removed.
    """

    def __init__(self, folder: Path) -> None:
        """Read the manifest.

        Raises:
            StorageError: If the manifest cannot be read.
        """
        self._folder = folder
        self._written: set[str] = set()
        try:
            listed = read_json(folder / _MANIFEST)
        except FileNotFoundError:
            listed = []
        except ValueError:
            # Without a manifest nothing is removed: better a stale picture than a lost file of the user.
            listed = []
        except OSError as error:
            raise explained(error, folder / _MANIFEST, "read") from error
        self._ours = {name for name in listed if isinstance(name, str)} if isinstance(listed, list) else set()

    def expect(self, samples: Mapping[int, Iterable[str]]) -> None:
        """Add the files that are going to be written to the manifest, so that it is complete even if the run is killed.

        Args:
            samples: Names of the samples of each cluster.

        Raises:
            StorageError: If the manifest cannot be written.
        """
        self._ours |= {f"cluster_{cluster}.jpg" for cluster in samples}
        self._ours |= {f"cluster_{cluster}/{name}" for cluster, names in samples.items() for name in names}
        self._write_manifest(self._ours)

    def write(self, cluster_id: int, best: bytes, samples: Iterable[tuple[str, bytes]]) -> None:
        """Write the pictures of a cluster, all JPEG; unchanged ones are not written again.

        Raises:
            StorageError: If one cannot be written.
        """
        self._write(f"cluster_{cluster_id}.jpg", best)
        for name, jpeg in samples:
            self._write(f"cluster_{cluster_id}/{name}", jpeg)

    def _write(self, name: str, jpeg: bytes) -> None:
        write_bytes(self._folder / name, jpeg, durable=False)
        self._written.add(name)

    def finish(self) -> None:
        """Remove the pictures that are no longer needed, and list the others in the manifest.

        Raises:
            StorageError: If that fails.
        """
        stale = {name for name in self._ours - self._written if _is_plain(name)}
        # Written before anything is removed, so that the next run still knows these files if this one is killed here.
        self._write_manifest(self._written | stale)
        for name in sorted(stale):
            path = self._folder / name
            try:
                path.unlink(missing_ok=True)
                if path.parent != self._folder and not any(path.parent.iterdir()):
                    path.parent.rmdir()
            except FileNotFoundError:
                continue
            except OSError as error:
                raise explained(error, path, "removed") from error
        self._write_manifest(self._written)

    def _write_manifest(self, names: set[str]) -> None:
        content = json.dumps(sorted(names), indent=0).encode() + b"\n"
        try:
            write_bytes(self._folder / _MANIFEST, content)
        except StorageError as error:
            raise StorageError(f"{error} (the list of the cluster pictures)") from error


def _is_plain(name: str) -> bool:
    return re.fullmatch(r"cluster_\d+(\.jpg|/[A-Za-z0-9_-]+\.jpg)", name) is not None
