"""Downloading known model files into the models folder, and recording their hashes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from curation.engines.base import WeightsFile
from curation.engines.weights.download import download
from curation.engines.weights.files import file_digest
from curation.engines.weights.http_source import DownloadProgress
from curation.engines.weights.known import KnownWeights
from curation.engines.weights.record import RECORD_FILE, WeightsRecord
from curation.engines.weights.registry import known_names, known_weights
from curation.engines.weights.second_source import agreeing_hosts
from curation.errors import SettingsError, WeightsBrokenError, WeightsMissingError

__all__ = ["check_delivered", "fetch"]

logger = logging.getLogger(__name__)

_DIGESTS = {"sha256": "SHA-256", "md5": "MD5"}


def fetch(
    name: str,
    models_dir: Path,
    *,
    progress: DownloadProgress | None = None,
    connect_timeout_s: float = 5.0,
    check: Callable[[WeightsFile], None] | None = None,
) -> WeightsFile:
    """Download a known file into the models folder.

    Where no hash is known, the publishers of the file must not contradict each other about it
    (`curation.engines.weights.second_source`); that of the first download is recorded, with those who agreed, and later
    downloads must match it.

    Args:
        name: Of a known file that has addresses.
        models_dir: The models folder; created if needed.
        progress: Called as bytes arrive.
        connect_timeout_s: How long to wait for any source to answer.
        check: Loads the file and raises `WeightsBrokenError` if it cannot.

    Raises:
        SettingsError: If no file of this name is known, or it cannot be downloaded.
        WeightsMissingError: If no source delivered it; the message names the file, the path and the addresses.
        WeightsBrokenError: If what was downloaded is not the right content.
        StorageError: If it cannot be written.
        BusyError: If another process has been downloading it for too long.
    """
    known = known_weights(name)
    if known is None:
        raise SettingsError(f"there are no known weights named {name}; known: {known_names()}")
    if not known.addresses:
        source = f"comes with the Python package {known.package} and" if known.package else "has no address and"
        raise SettingsError(f"{name} {source} is not downloaded{f': {known.advice}' if known.advice else ''}")
    recorded = WeightsRecord(models_dir).downloaded_sha256(name)

    agreed: list[str] = []

    def check_part(path: Path, digest: str, address: str) -> None:
        check_delivered(path, known)
        if known.sha256 is None:
            agreed[:] = agreeing_hosts(known.addresses, address, digest, timeout_s=connect_timeout_s)
        if check is not None:
            check(WeightsFile(name, path, ""))

    try:
        downloaded = download(
            known.addresses,
            models_dir / name,
            sha256=known.sha256 or recorded,
            size_bytes=known.size_bytes,
            check=check_part,
            progress=progress,
            connect_timeout_s=connect_timeout_s,
        )
    except WeightsMissingError as error:
        raise WeightsMissingError(
            f"{error}\nRun `python -m curation weights fetch {name}` when there is a network, or put the file at "
            f"{models_dir / name} yourself."
        ) from error
    except WeightsBrokenError as error:
        hint = f"\nIf its publisher has released a new version, remove {name} from {models_dir / RECORD_FILE}."
        by_hand = f"\nA file that you trust can be put at {models_dir / name} by hand."
        raise WeightsBrokenError(f"{error}{hint if recorded else by_hand}") from error
    record = WeightsRecord(models_dir)
    record.set_downloaded(name, downloaded.sha256, downloaded.size_bytes, downloaded.address, agreed)
    sha256 = record.sha256_of(downloaded.path)
    record.set_checked(downloaded.path)
    record.save()
    logger.info(
        "downloaded %s (SHA-256 %s) from %s%s",
        downloaded.path,
        downloaded.sha256,
        downloaded.address,
        f"; {', '.join(agreed)} publishes the same" if agreed else "",
    )
    return WeightsFile(name, downloaded.path, sha256)


def check_delivered(path: Path, known: KnownWeights) -> None:
    """Compare a download with `KnownWeights.delivered`.

    Raises:
        WeightsBrokenError: If it is another content.
        StorageError: If it cannot be read.
    """
    algorithm, _, wanted = known.delivered.partition(":")
    if not wanted:
        return
    found = file_digest(path, algorithm)
    if found != wanted:
        raise WeightsBrokenError(f"its {_DIGESTS[algorithm]} is {found}, but must be {wanted}")
