"""What a second publisher says of the same file, without fetching it again.

Where no hash is known, a first download is all that later ones are compared with, and one publisher whose file was
exchanged would be believed. Two publishers of the same file have to agree: both tell a SHA-256 of what they hand out
in a few bytes. Hugging Face names it in the header `X-Linked-ETag` of a file kept as a large file (its "resolve"
addresses, before they lead on to the storage); GitHub names it as `digest` of a release's file in its REST interface
(for files that were uploaded since June 2025).
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Sequence
from urllib.parse import quote, unquote, urlsplit

from curation.errors import WeightsBrokenError
from curation.parsing.json_text import parse_json
from curation.parsing.not_valid import PARSER_ERRORS

__all__ = ["GITHUB_INTERFACE", "agreeing_hosts", "published_sha256"]

logger = logging.getLogger(__name__)

GITHUB_INTERFACE = "https://api.github.com"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_RELEASE_FILE = re.compile(r"/([^/]+)/([^/]+)/releases/download/([^/]+)/([^/]+)")
_MAX_ANSWER_BYTES = 4_000_000


def agreeing_hosts(addresses: Sequence[str], fetched_from: str, sha256: str, *, timeout_s: float) -> tuple[str, ...]:
    """Ask the other publishers of a file whether they hand out the same.

    Args:
        addresses: All addresses of the file.
        fetched_from: The one it was fetched from, which also is asked, as what arrived may not be what was published.
        sha256: Of what arrived, in hex.
        timeout_s: How long to wait for each.

    Returns:
        Hosts other than that of `fetched_from` which publish this hash; empty if none says any.

    Raises:
        WeightsBrokenError: If one publishes another hash.
    """
    agreed = []
    for address, published in _all_published(tuple(dict.fromkeys(addresses)), timeout_s).items():
        host = urlsplit(address).netloc
        if published != sha256:
            raise WeightsBrokenError(
                f"its SHA-256 is {sha256}, but {host} publishes {published} for this file: one of the two was "
                "exchanged, or there is a new version at one place only"
            )
        if host != urlsplit(fetched_from).netloc:
            agreed.append(host)
    return tuple(agreed)


def _all_published(addresses: Sequence[str], timeout_s: float) -> dict[str, str]:
    """What is published where, in the order of the addresses.

    All are asked at once, in threads that are abandoned when they hang: resolving a name has no time limit.
    """
    told: dict[str, str | None] = {}

    def ask(address: str) -> None:
        told[address] = published_sha256(address, timeout_s=timeout_s)

    threads = [threading.Thread(target=ask, args=(address,), daemon=True) for address in addresses]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 2.0 * timeout_s
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    answers = dict(told)
    return {address: published for address in addresses if (published := answers.get(address)) is not None}


def published_sha256(address: str, *, timeout_s: float) -> str | None:
    """The SHA-256 that a publisher names for what is at an address, in hex.

    Returns:
        None if it names none, or does not answer.
    """
    import requests

    release = _release_file(address)
    try:
        if release is not None:
            interface, name = release
            with requests.get(
                interface, headers={"Accept": "application/vnd.github+json"}, stream=True, timeout=timeout_s
            ) as answer:
                if answer.status_code != 200:
                    return None
                text = answer.raw.read(_MAX_ANSWER_BYTES, decode_content=True)
            return _digest_of_asset(text, name)
        with requests.head(
            address, headers={"Accept-Encoding": "identity"}, allow_redirects=False, timeout=timeout_s
        ) as answer:
            return _bare(answer.headers.get("X-Linked-ETag", "")) if answer.status_code < 400 else None
    except (requests.RequestException, OSError, ValueError) as error:
        logger.info("%s does not say what it publishes: %s", address, error)
        return None


def _release_file(address: str) -> tuple[str, str] | None:
    """Where GitHub's interface tells of a release, and the name of the file in it; None for other addresses."""
    parts = urlsplit(address)
    found = _RELEASE_FILE.fullmatch(parts.path)
    if parts.hostname != "github.com" or found is None:
        return None
    owner, repository, tag, name = (unquote(part) for part in found.groups())
    path = "/".join(quote(part, safe="") for part in ("repos", owner, repository, "releases", "tags", tag))
    return f"{GITHUB_INTERFACE}/{path}", name


def _digest_of_asset(text: bytes, name: str) -> str | None:
    try:
        told = parse_json(text)
        digests = [asset.get("digest") for asset in told["assets"] if asset["name"] == name]
    except PARSER_ERRORS:
        return None
    algorithm, _, digest = str(digests[0]).partition(":") if digests else ("", "", "")
    return _bare(digest) if algorithm == "sha256" else None


def _bare(text: str) -> str | None:
    text = text.strip().strip('"').lower()
    return text if _SHA256.fullmatch(text) else None
