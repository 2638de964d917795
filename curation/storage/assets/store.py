"""The contract of the database of assets; SQLite and PostgreSQL keep it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from curation.domain.assets.asset import Asset, AssetQuery, Claim, NewAsset
from curation.domain.assets.states import AssetState, FailCode, RejectCode

__all__ = ["AssetStore"]


class AssetStore(Protocol):
    """Rows of pictures; safe to use from several threads and processes at the same time.

    Every method raises StorageError if the database cannot be used, and DatabaseBusyError if it is only busy or away
    for a moment, which is worth another try.
    """

    @property
    def identity(self) -> str:
        """32 hexadecimal digits that no other database has; files of pictures lie under it."""

    def add(self, new: NewAsset) -> tuple[Asset, bool]:
        """Add a picture as PENDING, unless its id is there; then only its `image_path` is added to that row.

        A FAILED row of the same id becomes PENDING again with no attempts: the user handed it in once more.

        Returns:
            The row, and whether it is to be worked on because of this call.
        """

    def reject(self, new: NewAsset, code: RejectCode, message: str) -> Asset:
        """Add a picture that the gate refuses, as REJECTED; a row that is there is left as it is."""

    def claim(self, owner: str, *, lease_s: float, max_attempts: int) -> Claim | None:
        """Take the longest waiting picture that may be worked on now, and count the attempt; None if there is none.

        Rows whose lease has ended count as waiting; those of them with `max_attempts` attempts become FAILED
        (`worker_lost`) instead. No two callers get the same attempt. Of pictures whose worker was lost before only one
        is worked on at a time: if one of them ends the whole program each time, it does not take the others along.

        Args:
            owner: Who claims, for show.
            lease_s: After so many seconds without `renew` others may take it, in seconds.
            max_attempts: How many times a picture is begun at most.
        """

    def renew(self, claim: Claim, *, lease_s: float) -> bool:
        """Prolong a lease; False if the claim is not valid any more (deleted, or taken by others)."""

    def complete(self, claim: Claim, document: Mapping[str, Any]) -> bool:
        """Write the result of an attempt; False, and nothing is written, if the claim is not valid any more."""

    def finish_rejected(self, claim: Claim, code: RejectCode, message: str) -> bool:
        """End an attempt as REJECTED; False as with `complete`."""

    def finish_failed(self, claim: Claim, code: FailCode, message: str, *, retry_in_s: float | None) -> bool:
        """End an attempt without a result; False as with `complete`.

        Args:
            claim: The attempt.
            code: Why.
            message: The same for the user.
            retry_in_s: PENDING again, for an attempt in so many seconds at the earliest; None ends it as FAILED.
        """

    def release(self, claim: Claim) -> bool:
        """Give an attempt back as if it had not begun: PENDING at once, and not counted; False as with `complete`.

        For workers that are told to stop, after the process that had the picture has ended.
        """

    def sweep(self, *, max_attempts: int) -> int:
        """Make rows whose lease has ended PENDING again, after `max_attempts` FAILED (`worker_lost`); their number."""

    def get(self, asset_id: str) -> Asset | None:
        """One row."""

    def find(self, query: AssetQuery, *, limit: int, offset: int = 0) -> tuple[int, Sequence[Asset]]:
        """How many rows answer a query, and some of them, the newest first."""

    def changes(self, after_version: int, *, limit: int) -> Sequence[Asset]:
        """Rows that were changed after a version, the oldest change first; without their documents."""

    def counts(self) -> Mapping[AssetState, int]:
        """How many rows are in each state."""

    def delete(self, asset_id: str) -> bool:
        """Delete a row; False if there is none. A worker that has claimed it writes nothing then."""

    def close(self) -> None:
        """Close all connections."""
