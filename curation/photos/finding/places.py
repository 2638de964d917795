"""Places in which pictures lie that are none of the user's photos: thumbnails, caches, libraries' own copies, trash.

Each is told by what its program writes there. A folder's mere name proves little, since a user may call a folder
"thumbs" or "originals": where a name is that weak, the folders around it or the files in it must confirm it, else the
folder is looked through like any other. Whoever names such a place as the folder of photos means it: what lies above
the folder of photos decides nothing but for its own name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from curation.photos.finding.thumbnail_folders import THUMBNAIL_FOLDERS, has_small_copies_only

__all__ = ["LeftOut", "Place", "Tree", "left_out", "missing_originals", "place_of", "trashed_name"]


class Tree(Protocol):
    """The folders around a place."""

    def names(self, folder: str) -> Mapping[str, int | None]:
        """What lies in a folder.

        Args:
            folder: POSIX path below the folder of photos; empty for that itself.

        Returns:
            Sizes in bytes by name, None for a sub-folder; nothing for a folder that cannot be read.
        """


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Why a folder is no place of photos.

    Attributes:
        reason: For the report, about pictures ("thumbnails of films, which Sony cameras make").
        is_told: Whether the user is told: not where systems and network disks keep thumbnails in every folder.
    """

    reason: str
    is_told: bool = True


@dataclass(frozen=True, slots=True)
class Place:
    """A folder among others.

    Attributes:
        path: POSIX path below the folder of photos, as written.
        above: Names of the folders above it in lower case, that of the folder of photos first.
        tree: The folders around it.
    """

    path: str
    above: tuple[str, ...]
    tree: Tree

    @property
    def name(self) -> str:
        """In lower case."""
        return self.path.rpartition("/")[2].casefold()

    @property
    def parent(self) -> str:
        """Name of the folder that it lies in, in lower case; empty if that is not known."""
        return self.above[-1] if self.above else ""

    @property
    def parent_path(self) -> str:
        """Path of the folder that it lies in."""
        return self.path.rpartition("/")[0]

    def beside(self) -> set[str]:
        """Names beside it and its own, in lower case."""
        return {name.casefold() for name in self.tree.names(self.parent_path)}

    def inside(self) -> set[str]:
        """Names in it, in lower case."""
        return {name.casefold() for name in self.tree.names(self.path)}


_SILENT = LeftOut("thumbnails and notes of a system or a network disk", is_told=False)
_TRASH = LeftOut("in the trash")
_SNAPSHOT = LeftOut("earlier states of the folder, which the disk keeps")
_PICASA = LeftOut("photos as they were before Picasa changed them; the changed ones lie beside this folder")
_ACDSEE = LeftOut("photos as they were before ACDSee changed them; the changed ones lie beside this folder")
_SMALL = LeftOut("each is a small copy of a photo of the same name beside this folder")
_FILM_STILLS = LeftOut("thumbnails of films, which the camera makes")
_CAPTURE_ONE = LeftOut("previews and settings of Capture One")
_LIBRARY = LeftOut("a library's own previews, thumbnails and edited copies; its originals are looked at")
_MIGRATED = LeftOut("a library that was taken over into the Photos library beside it, which has the same originals")
_LIGHTROOM = LeftOut("previews of a Lightroom catalogue")
_IMMICH = LeftOut("thumbnails and converted films of an Immich server")
_NEXTCLOUD = LeftOut("previews, deleted files and earlier versions of a Nextcloud or ownCloud server")
_PHOTOPRISM = LeftOut("thumbnails and sidecar pictures of PhotoPrism")
_BRIDGE = LeftOut("the cache of Adobe Bridge")
_DARKTABLE = LeftOut("the cache of darktable")
_APP_DATA = LeftOut("caches of the apps of a phone")
_PLEX = LeftOut("the cache of a Plex server")
_PHONE = LeftOut("thumbnails and edited copies of a phone's own library; its photos lie in DCIM")
_WHATSAPP = LeftOut("stickers, wallpapers and profile pictures of WhatsApp; photos lie in WhatsApp Images")
_PIWIGO = LeftOut("small copies of a Piwigo gallery")
_PACKAGE = LeftOut("a part of a program or of a film project")

# Packages of macOS; each is a folder. What lies in these sub-folders are the user's own photos.
_LIBRARIES: Mapping[str, frozenset[str]] = MappingProxyType({
    ".photoslibrary": frozenset({"originals", "masters"}),
    ".photolibrary": frozenset({"originals", "masters"}),
    ".aplibrary": frozenset({"masters"}),
    ".migratedphotolibrary": frozenset({"originals", "masters"}),
    ".migratedaplibrary": frozenset({"masters"}),
    ".cocatalog": frozenset({"originals"}),
})  # fmt: skip
_MIGRATED_SUFFIXES = (".migratedphotolibrary", ".migratedaplibrary")
_LIGHTROOM_SUFFIXES = (".lrdata", ".lrcat-data")
_PACKAGE_SUFFIXES = (".app", ".imovielibrary", ".fcpbundle", ".theater", ".tvlibrary", ".musiclibrary")

_IMMICH_BESIDE = frozenset({"upload", "library", "thumbs", "encoded-video", "encoded-videos", "profile", "backups"})
_PHOTOPRISM_BESIDE = frozenset({"cache", "sidecar", "config", "albums", "backup", "users"})
_CARD_PARENTS = frozenset({"m4root", "xdroot", "bpav"})
_XDCAM_BESIDE = frozenset({"clip", "sub", "general", "edit", "mediapro.xml"})
_P2_BESIDE = frozenset({"clip", "video", "audio", "voice", "proxy"})
_IPHOTO_BESIDE = frozenset({"library6.iphoto", "albumdata.xml", "iphoto.ipspot"})

_TRASHED = re.compile(r"\.trashed-\d+-(?P<name>.+)")
_PREVIEW_OF_IMMICH = re.compile(r"[0-9a-f-]{2,}[-_](preview|thumbnail|fullsize)\.(jpe?g|webp)|.*-preview\.jpe?g")
_UUID = re.compile(r"([0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12})(?:[_.].*)?", re.IGNORECASE)


def place_of(folder: str, root: str, tree: Tree) -> Place:
    """A folder below the folder of photos, for `left_out`.

    Args:
        folder: Its POSIX path below the folder of photos.
        root: Name of the folder of photos.
        tree: The folders.
    """
    return Place(folder, (root.casefold(), *(part.casefold() for part in folder.split("/")[:-1])), tree)


def left_out(place: Place) -> LeftOut | None:
    """Why a folder is no place of photos; None if it may be one.

    Args:
        place: The folder. Those above it were asked for before.
    """
    name = place.name
    if name in _EXACT:
        return _EXACT[name]
    if library := next((allowed for suffix, allowed in _LIBRARIES.items() if place.parent.endswith(suffix)), None):
        return None if name in library else _LIBRARY
    if rule := _CONFIRMED.get(name):
        return rule(place)
    if name.endswith(_LIGHTROOM_SUFFIXES):
        return _LIGHTROOM
    if name.endswith(_MIGRATED_SUFFIXES):
        return _MIGRATED if any(other.endswith(".photoslibrary") for other in place.beside()) else None
    if name.endswith(_PACKAGE_SUFFIXES):
        return _PACKAGE if not name.endswith(".app") or "contents" in place.inside() else None
    return _by_form(place, name)


def _by_form(place: Place, name: str) -> LeftOut | None:
    """Folders whose names have a number or a version in them."""
    if name.startswith(".trash-") and name[7:].isdecimal():
        return _TRASH
    if name.startswith("appdata_") and place.inside() & {"preview", "avatar", "theming", "js", "css"}:
        return _NEXTCLOUD
    if name.startswith("mipmaps-") and name.endswith(".d"):
        return _DARKTABLE
    if name in THUMBNAIL_FOLDERS:
        return _small_copies(place)
    return None


def trashed_name(name: str) -> str | None:
    """The name that a file had before a phone moved it into its trash, which lies in the same folder; else None."""
    found = _TRASHED.fullmatch(name)
    return found["name"] if found else None


def missing_originals(library: str, tree: Tree) -> list[str]:
    """Photos of which a Photos library of macOS has only small copies, as paths of originals without extension.

    Args:
        library: Path of the package below the folder of photos.
        tree: The folders.
    """
    originals = {
        found[1].upper()
        for folder in _folders_in(tree, f"{library}/originals")
        for name in tree.names(folder)
        if (found := _UUID.fullmatch(name))
    }
    copies = [
        *_folders_in(tree, f"{library}/resources/derivatives"),
        *_folders_in(tree, f"{library}/resources/derivatives/masters"),
    ]
    seen = {found[1] for folder in copies for name in tree.names(folder) if (found := _UUID.fullmatch(name))}
    return sorted(f"{library}/originals/{name[0]}/{name}" for name in seen if name.upper() not in originals)


def _folders_in(tree: Tree, folder: str) -> list[str]:
    return [f"{folder}/{name}" for name, size in tree.names(folder).items() if size is None]


def _small_copies(place: Place) -> LeftOut | None:
    """Thumbnails are left out where each has its larger photo beside the folder."""
    if place.name == "thumbnails" and {"files"} <= place.beside() and {"cache"} & place.beside():
        return _NEXTCLOUD  # ownCloud keeps them in the folder of each user
    return _SMALL if has_small_copies_only(place.tree.names(place.path), place.tree.names(place.parent_path)) else None


def _thumbs(place: Place) -> LeftOut | None:
    return _IMMICH if _is_of_immich(place) else _small_copies(place)


def _is_of_immich(place: Place) -> bool:
    """Whether a folder lies in the storage of Immich, which marks its folders and spreads files over sub-folders."""
    if ".immich" in place.inside():
        return True
    if len(place.beside() & _IMMICH_BESIDE) >= 3 or (place.parent == "immich" and place.name == "encoded-video"):
        return True
    folder, depth = place.path, 0
    while depth < 4:  # a user, then two letters each of the photo's id
        names = place.tree.names(folder)
        if any(size is not None and _PREVIEW_OF_IMMICH.fullmatch(name.casefold()) for name, size in names.items()):
            return depth >= 2
        below = next((name for name, size in sorted(names.items()) if size is None), None)
        if below is None:
            return False
        folder, depth = f"{folder}/{below}", depth + 1
    return False


def _immich(place: Place) -> LeftOut | None:
    return _IMMICH if _is_of_immich(place) else None


def _of_card(place: Place) -> LeftOut | None:
    is_card = place.parent in _CARD_PARENTS or len(place.beside() & _XDCAM_BESIDE) >= 2
    return _FILM_STILLS if is_card else None


def _of_p2(place: Place) -> LeftOut | None:
    return _FILM_STILLS if place.parent == "contents" and place.beside() & _P2_BESIDE else None


def _of_drone(place: Place) -> LeftOut | None:
    return _FILM_STILLS if place.parent == "misc" else None


def _capture_one(place: Place) -> LeftOut | None:
    own = {name for name in place.inside() if name == "cache" or name.startswith("settings")}
    return _CAPTURE_ONE if own else None


def _cache(place: Place) -> LeftOut | None:
    if place.parent == "captureone":
        return _CAPTURE_ONE
    if place.parent.startswith(("bridge", "adobe bridge")):
        return _BRIDGE
    if place.parent == "plex media server":
        return _PLEX
    if len(place.above) >= 3 and place.above[-3:-1] == ("android", "data"):
        return _APP_DATA
    return _photoprism(place)


def _photoprism(place: Place) -> LeftOut | None:
    return _PHOTOPRISM if place.parent == "storage" and len(place.beside() & _PHOTOPRISM_BESIDE) >= 2 else None


def _of_server(place: Place) -> LeftOut | None:
    return _NEXTCLOUD if "files" in place.beside() else None


def _phone_data(place: Place) -> LeftOut | None:
    return _PHONE if "dcim" in place.beside() or "photos.sqlite" in place.inside() else None


def _piwigo(place: Place) -> LeftOut | None:
    return _PIWIGO if "i" in place.inside() and place.beside() & {"galleries", "upload", "piwigo"} else None


def _trash(place: Place) -> LeftOut | None:
    return _TRASH if {"files", "info"} <= place.inside() else None


def _iphoto(place: Place) -> LeftOut | None:
    """The library of iPhoto before it was a package: a folder with Originals, Modified and Data."""
    return _LIBRARY if place.beside() & _IPHOTO_BESIDE else None


_EXACT: Mapping[str, LeftOut] = MappingProxyType({
    **dict.fromkeys(
        ("@eadir", "@__thumb", ".@__thumb", ".thumbnails", "__macosx", "lost+found", "system volume information",
         ".appledouble", ".spotlight-v100", ".fseventsd", ".documentrevisions-v100", ".temporaryitems", ".photoprism",
         ".bridgecache", ".statuses", "@tmp"),
        _SILENT,
    ),
    **dict.fromkeys(
        ("$recycle.bin", "recycler", "recycled", "#recycle", "@recycle", ".trash", ".trashes", ".dtrash",
         ".globaltrash", "network trash folder"),
        _TRASH,
    ),
    **dict.fromkeys(
        ("#snapshot", ".snapshot", ".snapshots", ".zfs", "@recently-snapshot", "backups.backupdb", ".stversions"),
        _SNAPSHOT,
    ),
    ".picasaoriginals": _PICASA,
    "[originals]": _ACDSEE,
    "avf_info": _FILM_STILLS,
    "adobe bridge cache": _BRIDGE,
    **dict.fromkeys(("whatsapp stickers", "whatsapp profile photos", "whatsapp wallpaper"), _WHATSAPP),
})  # fmt: skip
"""Names that only one kind of program gives."""

_CONFIRMED: Mapping[str, Callable[[Place], LeftOut | None]] = MappingProxyType({
    "thmbnl": _of_card,
    "icon": _of_p2,
    "thm": _of_drone,
    "captureone": _capture_one,
    "cache": _cache,
    "sidecar": _photoprism,
    "thumbs": _thumbs,
    "encoded-video": _immich,
    "encoded-videos": _immich,
    "profile": _immich,
    "files_trashbin": _of_server,
    "files_versions": _of_server,
    "photodata": _phone_data,
    "_data": _piwigo,
    "trash": _trash,
    "modified": _iphoto,
    "data": _iphoto,
    "data.noindex": _iphoto,
})  # fmt: skip
"""Names that a user may give, too, and what confirms that it was a program."""
