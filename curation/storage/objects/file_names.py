"""Where an object's file lies below a folder of this machine: any key has one, and none lies outside the folder.

Almost every key is its own file name. Parts that no file can be called are escaped, so that both directions are exact:

    part of the key          part of the file name
    empty, `.`, `..`         `%00`, `%2E`, `%2E%2E`
    with a NUL               `%00` in its place, `%25` for each %, after `%N`
    one that looks like this `%25` for each %, after `%N`
    over 200 bytes           several parts: each but the last ends with `%+`, each but the first begins with `%-`
"""

from __future__ import annotations

__all__ = ["OWN_FOLDER", "file_name_of", "key_of"]

OWN_FOLDER = "%curation"  # of the program, beside the files; no key's file is called so

_PLAIN = {"": "%00", ".": "%2E", "..": "%2E%2E"}
_SPECIAL = {name: part for part, name in _PLAIN.items()}
_MORE = "%+"
_REST = "%-"
_LONGEST_BYTES = 200  # file systems allow 255; a temporary file's name is longer than the file's
_TAIL = 16  # letters that stay together at the end: an extension is not torn apart


def file_name_of(key: str) -> str:
    """The relative path of an object's file, with `/` between its parts; no part is empty, `.` or `..`."""
    return "/".join(_shortened(_escaped(part)) for part in key.split("/"))


def key_of(file_name: str) -> str:
    """The inverse of `file_name_of`."""
    parts: list[str] = []
    begun = ""
    for piece in file_name.split("/"):
        if begun:
            piece = piece.removeprefix(_REST)
        if piece.endswith(_MORE):
            begun += piece.removesuffix(_MORE)
        else:
            parts.append(_unescaped(begun + piece))
            begun = ""
    return "/".join(parts)


def _escaped(part: str) -> str:
    if part in _PLAIN:
        return _PLAIN[part]
    if "\0" in part:
        return "%N" + part.replace("%", "%25").replace("\0", "%00")
    if part in _SPECIAL or part.startswith(("%N", OWN_FOLDER)) or _MORE in part:
        return "%N" + part.replace("%", "%25")
    return part


def _unescaped(name: str) -> str:
    if name in _SPECIAL:
        return _SPECIAL[name]
    if name.startswith("%N"):
        return name[2:].replace("%00", "\0").replace("%25", "%")
    return name


def _shortened(name: str) -> str:
    if len(name.encode()) <= _LONGEST_BYTES:
        return name
    pieces = [""]
    size = 0
    for character in name[:-_TAIL]:
        size += len(character.encode())
        if size > _LONGEST_BYTES - len(_MORE) - len(_REST):
            pieces.append("")
            size = len(character.encode())
        pieces[-1] += character
    return f"{_MORE}/{_REST}".join([*pieces, name[-_TAIL:]])
