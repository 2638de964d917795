"""Links with which guests look for their own photos; the key of a link is not kept, only its digest."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from curation.errors import InputError, StorageError
from curation.parsing.json_text import read_json
from curation.parsing.not_valid import PARSER_ERRORS
from curation.storage.atomic import explained, write_bytes
from curation.storage.locks import hold_file_lock

__all__ = ["MOST_LINKS", "GuestLink", "GuestLinks", "GuestPhotos"]

MOST_LINKS = 50
"""Links that are valid at the same time."""
_FILE = "guest_links.json"
_VERSION = 1
_KEY_BYTES = 24


class GuestPhotos(StrEnum):
    """Which photos of themselves guests see."""

    PICKS = "picks"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class GuestLink:
    """A link for guests.

    Attributes:
        link_id: Names it in lists; of no use to a guest.
        name: Which the owner gave it, such as "at the bar"; may be empty.
        photos: Which photos guests see.
        download: Whether they may download the photos as they are.
        created_at: In UTC, ISO 8601.
        expires_at: Likewise.
        key_sha256: Digest of the key.
    """

    link_id: str
    name: str
    photos: GuestPhotos
    download: bool
    created_at: str
    expires_at: str
    key_sha256: str

    def is_valid(self, now: datetime) -> bool:
        """Whether it has not expired."""
        return now < datetime.fromisoformat(self.expires_at)


def _now() -> datetime:
    return datetime.now(UTC)


class GuestLinks:
    """The links of one event. Safe for several threads and processes."""

    def __init__(self, state_dir: Path, now: Callable[[], datetime] = _now) -> None:
        """Remember the folder; nothing is read yet.

        Args:
            state_dir: The folder of state.
            now: The current time in UTC.
        """
        self._path = state_dir / _FILE
        self._lock = state_dir / f".{_FILE}.lock"
        self._now = now

    def all(self) -> tuple[GuestLink, ...]:
        """The links that have not expired, the newest first.

        Raises:
            StorageError: If the file cannot be read.
        """
        now = self._now()
        return tuple(link for link in self._read() if link.is_valid(now))

    def create(self, *, name: str, photos: GuestPhotos, download: bool, days: float) -> tuple[GuestLink, str]:
        """Make a link.

        Args:
            name: For the owner.
            photos: Which photos guests see.
            download: Whether they may download them.
            days: Until it expires.

        Returns:
            The link, and its key, which cannot be read again.

        Raises:
            InputError: If there are too many.
            StorageError: If it cannot be stored.
        """
        key, now = secrets.token_urlsafe(_KEY_BYTES), self._now()
        link = GuestLink(
            link_id=secrets.token_hex(8),
            name=name,
            photos=photos,
            download=download,
            created_at=now.isoformat(timespec="seconds"),
            expires_at=(now + timedelta(days=days)).isoformat(timespec="seconds"),
            key_sha256=_digest(key),
        )
        with hold_file_lock(self._lock):
            links = self.all()
            if len(links) >= MOST_LINKS:
                raise InputError(f"there are {MOST_LINKS} links for guests already: revoke some")
            self._write((link, *links))
        return link, key

    def revoke(self, link_id: str) -> bool:
        """Make a link invalid at once.

        Returns:
            Whether there was one.

        Raises:
            StorageError: If that cannot be stored.
        """
        with hold_file_lock(self._lock):
            links = self.all()
            kept = tuple(link for link in links if link.link_id != link_id)
            self._write(kept)
        return len(kept) < len(links)

    def of_key(self, key: str) -> GuestLink | None:
        """The valid link with this key; compares in constant time.

        Raises:
            StorageError: If the file cannot be read.
        """
        digest, found = _digest(key), None
        for link in self.all():
            if hmac.compare_digest(link.key_sha256, digest):
                found = link
        return found

    def _read(self) -> tuple[GuestLink, ...]:
        try:
            data = read_json(self._path)
            return tuple(_link(entry) for entry in data["links"]) if data["version"] == _VERSION else ()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise explained(error, self._path, "read") from error
        except PARSER_ERRORS as error:
            raise StorageError(
                f"{self._path} cannot be read ({error}): remove it; guests then need new links"
            ) from error

    def _write(self, links: tuple[GuestLink, ...]) -> None:
        content = {"version": _VERSION, "links": [asdict(link) for link in links]}
        write_bytes(self._path, json.dumps(content, indent=1, ensure_ascii=True).encode("ascii") + b"\n")


def _link(entry: dict[str, Any]) -> GuestLink:
    link = GuestLink(**{**entry, "photos": GuestPhotos(entry["photos"])})
    link.is_valid(_now())  # its times can be compared
    if not all(isinstance(text, str) for text in (link.link_id, link.name, link.created_at, link.key_sha256)):
        raise ValueError("a link without texts")
    return link


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()
