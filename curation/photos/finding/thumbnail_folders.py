"""Folders of thumbnails whose maker is not known: told by what lies in and beside them, not by the name alone."""

from __future__ import annotations

from collections.abc import Mapping

from curation.photos.files.formats import PHOTO_EXTENSIONS

__all__ = ["THUMBNAIL_FOLDERS", "has_small_copies_only"]

THUMBNAIL_FOLDERS = frozenset(
    {"thumb", "thumbs", "thumbnail", "thumbnails", "_thumbs", "_thumbnails", "preview", "previews", "tn"}
    | {"proxy", "proxies", "small", "lowres", "miniaturen", "miniatures", "miniaturas", "vignettes", "vorschau"}
)
"""Names, in lower case, that programs and people give to folders of small copies."""

_LARGEST_BYTES = 256 * 1024
_TIMES_SMALLER = 4
_PREFIXES = ("tn_", "tn-", "thumb_", "thumb-", "th_", "small_")
_SUFFIXES = ("_thumb", "-thumb", "_tn", "_small", "_preview", "-preview")


def has_small_copies_only(inside: Mapping[str, int | None], beside: Mapping[str, int | None]) -> bool:
    """Whether each picture of a folder is a small file of the name of a larger picture that lies beside the folder.

    Args:
        inside: Sizes in bytes of what lies in the folder by name, None for a sub-folder.
        beside: Likewise of the folder that it lies in.
    """
    sizes: dict[str, int] = {}
    for name, size in beside.items():
        if size is not None and _is_picture(name):
            stem = name.rpartition(".")[0].casefold()
            sizes[stem] = max(sizes.get(stem, 0), size)
    pictures = {name: size for name, size in inside.items() if size is not None and _is_picture(name)}
    return bool(pictures) and all(
        size <= _LARGEST_BYTES and size * _TIMES_SMALLER <= _size_of_original(name, sizes)
        for name, size in pictures.items()
    )


def _size_of_original(name: str, sizes: Mapping[str, int]) -> int:
    """Size of the largest picture that a thumbnail may be of; 0 if there is none."""
    stem = name.rpartition(".")[0].casefold()
    stems = {stem, stem.rpartition(".")[0]}  # IMG_1.CR2.jpg is of IMG_1.CR2
    stems |= {stem.removeprefix(prefix) for prefix in _PREFIXES}
    stems |= {stem.removesuffix(suffix) for suffix in _SUFFIXES}
    return max(sizes.get(one, 0) for one in stems)


def _is_picture(name: str) -> bool:
    return name.rpartition(".")[2].casefold() in PHOTO_EXTENSIONS
