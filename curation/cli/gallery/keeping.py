"""`curation gallery check` and `rescue`: whether the gallery is whole, and saving what is whole of a damaged one."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from curation.cli.terminal import printable
from curation.errors import SettingsError
from curation.settings import Settings

if TYPE_CHECKING:
    from curation.gallery.rescue import Rescued

__all__ = ["rescue_gallery"]


def rescue_gallery(arguments: argparse.Namespace, settings: Settings) -> int:
    """Save what is whole of the gallery of the settings into a new folder.

    Args:
        arguments: `to`, a folder, and `json`.
        settings: The section `gallery`.

    Returns:
        The exit code: 0 if nothing is known to be lost, else 1.

    Raises:
        SettingsError: If the gallery is a server's.
        InputError: If there is none, or the folder is not empty.
        GalleryError: If nothing of it can be read.
        StorageError: If something cannot be read or written.
    """
    from curation.gallery.opening import gallery_key
    from curation.gallery.rescue import rescue
    from curation.gallery.sqlite_store import ENCRYPTED_FILE, GALLERY_FILE

    gallery = settings.gallery
    if gallery.url is not None:
        raise SettingsError("rescue is for the gallery of gallery.path: a server is restored from its backup")
    key = gallery_key(gallery)
    to = arguments.to.absolute()
    done = rescue(gallery.path / (GALLERY_FILE if key is None else ENCRYPTED_FILE), to, key=key)
    if arguments.json:
        told = {
            "folder": str(to),
            "people": done.people,
            "faces": done.faces,
            "nameless": dict(done.nameless),
            "without_picture": done.without_picture,
            "faceless": list(done.faceless),
            "damaged_rows": done.damaged_rows,
            "unreadable_pages": done.unreadable,
            "vanished_rows": done.vanished_rows,
            "complete": done.is_all,
        }
        print(json.dumps(told, indent=2))
    else:
        _tell(done, str(to), str(gallery.path))
    return 0 if done.is_all else 1


def _tell(done: Rescued, to: str, old: str) -> None:
    print(f"saved into {printable(to)}: {done.people:,} people by name, {done.faces:,} faces")
    if done.is_all:
        print("nothing is known to be lost")
    for name, faces in done.nameless.items():
        print(f"whose {faces:,} faces these are is lost: look at them, and rename or forget {printable(name)!r}")
    if done.faceless:
        names = ", ".join(map(printable, done.faceless))
        print(f"no face is left of: {names}; add them again from an event")
    if done.without_picture:
        print(f"{done.without_picture:,} faces have lost their picture, and are still recognised")
    if done.damaged_rows:
        print(f"{done.damaged_rows:,} rows were not what was written, and are left out")
    if done.vanished_rows:
        print(f"{done.vanished_rows:,} rows have vanished from the file, and are lost")
    if done.unreadable:
        print("some pages of the file cannot be read; what stood there and nowhere else is lost")
    print(
        f"the damaged gallery in {printable(old)} is as it was: set gallery.path to {printable(to)}, or move the old "
        "folder away and the new one to its place; the old one still holds names and faces"
    )
