"""The files of a picture's attributes: its picture and a JSON document, in one or both forms, named by its SHA-256.

`<faces_dir>/<sha256>.jpg` is the annotated picture and `<sha256>.json` the form `faces` beside it;
`<results_dir>/<sha256>.jpg` is the picture itself, `<sha256>.json` the form `results`. More in docs/service_files.md.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from curation.decoders import decoded
from curation.domain.attributes.documents import Unsure, document_text, faces_document, results_document
from curation.domain.attributes.values import ImageAttributes
from curation.settings.services import StoreSettings
from curation.storage.atomic import sweep_temporaries, write_bytes

__all__ = ["AttributeFile", "AttributeFiles", "PictureMaker"]

PictureMaker = Callable[[bytes, ImageAttributes], bytes]
"""Makes the JPEG of a form from a photo's file and what was found in it; it may be called in a decoder process."""

_LOCKS = 64  # threads that store different pictures hardly ever wait for each other


@dataclass(frozen=True, slots=True)
class AttributeFile:
    """A file with what it contains."""

    path: Path
    content: bytes


class AttributeFiles:
    """Writes the files of pictures; may be used by several threads, and the folders by several processes."""

    def __init__(self, store: StoreSettings, makers: Mapping[str, PictureMaker]) -> None:
        """Set the folders; nothing is read or created yet.

        Args:
            store: Forms and folders.
            makers: Of the picture of each form.
        """
        self._unsure = Unsure(store.unsure)
        self._folders = {"faces": store.faces_dir, "results": store.results_dir}
        self._makers = {shape: makers[shape] for shape in dict.fromkeys(store.shapes)}
        self._locks = tuple(threading.Lock() for _ in range(_LOCKS))
        self._sweeping = threading.Lock()
        self._is_swept = False

    def contents(
        self, content: bytes, image: ImageAttributes, timestamp: datetime, *, disagreements: Sequence[str] = ()
    ) -> tuple[AttributeFile, ...]:
        """The files of a picture, byte for byte as `write` writes them.

        Args:
            content: Of the picture's file.
            image: What was found in it.
            timestamp: With a time zone; it stands in the form `faces`.
            disagreements: Faces that only one service found, in words.

        Returns:
            For each form the picture, then the document that names it. Except for the time, the same input gives the
            same bytes.

        Raises:
            ValueError: If `image` is not about this picture.
            PhotoError: If the picture cannot be decoded.
            DecodersBusyError: If it cannot be decoded now.
        """
        if hashlib.sha256(content).hexdigest() != image.sha256:
            raise ValueError(f"these are the attributes of another picture, {image.sha256}")
        files: list[AttributeFile] = []
        for shape, make in self._makers.items():
            folder = self._folders[shape]
            picture = folder / f"{image.sha256}.jpg"
            # Relative to the folder of the folder, so that all of it can be moved.
            shown = f"{folder.name}/{picture.name}"
            if shape == "faces":
                document = faces_document(
                    image,
                    image_path=shown,
                    timestamp=timestamp.isoformat(timespec="seconds"),
                    unsure=self._unsure,
                    disagreements=disagreements,
                )
            else:
                document = results_document(
                    image, image_path=f"./{shown}", unsure=self._unsure, disagreements=disagreements
                )
            files.append(AttributeFile(picture, decoded(make, content, image, about=image.sha256)))
            files.append(AttributeFile(picture.with_suffix(".json"), document_text(document).encode("ascii")))
        return tuple(files)

    def write(
        self, content: bytes, image: ImageAttributes, timestamp: datetime, *, disagreements: Sequence[str] = ()
    ) -> tuple[Path, ...]:
        """Write the files of a picture, see `contents`; those of an earlier time are replaced.

        A killed process leaves of each file the old or the new one, and never a document without its picture.

        Returns:
            The paths of all its files.

        Raises:
            ValueError: If `image` is not about this picture.
            PhotoError: If the picture cannot be decoded; nothing is written.
            StorageError: If a file cannot be written: a full disk, a missing permission.
        """
        files = self.contents(content, image, timestamp, disagreements=disagreements)
        self._sweep()
        # Two threads that write one file would use the same temporary file.
        with self._locks[int(image.sha256[:8], 16) % _LOCKS]:
            for file in files:
                write_bytes(file.path, file.content)
        return tuple(file.path for file in files)

    def _sweep(self) -> None:
        """Remove what a killed process left, once."""
        with self._sweeping:
            if not self._is_swept:
                for shape in self._makers:
                    sweep_temporaries(self._folders[shape])
                self._is_swept = True
