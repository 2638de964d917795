"""The assets as the service has them: switched off, waiting for weights, or being worked on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import Protocol

from curation.domain.assets.asset import Asset, AssetQuery
from curation.domain.assets.states import AssetState
from curation.errors import AssetsOffError

__all__ = ["ASSETS_OFF", "AssetDesk", "AssetsPort", "PeopleOfAssets"]

ASSETS_OFF = (
    "this service does not work on assets: set assets.enabled to true in config.yaml "
    "(or CURATION_ASSETS__ENABLED=true), and start it again"
)

_SAY_AGAIN_S = 3.0


class AssetsPort(Protocol):
    """What the service needs of `curation.jobs.assets.asset_jobs.AssetJobs`. May be used from any thread."""

    def submit(self, content: bytes | Path, name: str, *, image_path: str | None = None) -> Asset:
        """Hand in a picture; one that the gate refuses comes back as REJECTED."""

    def get(self, asset_id: str) -> Asset:
        """One row; AssetNotFoundError."""

    def find(self, query: AssetQuery, *, limit: int, offset: int = 0) -> tuple[int, Sequence[Asset]]:
        """How many rows answer a query, and some of them, the newest first."""

    def file(self, asset_id: str, name: str) -> Path:
        """Path of a file of an asset; AssetNotFoundError if there is none."""

    def delete(self, asset_id: str) -> None:
        """Delete the row and all files; AssetNotFoundError."""

    def retry(self, asset_id: str) -> Asset:
        """Begin a FAILED one again."""

    def changes(self, after_version: int, *, limit: int) -> Sequence[Asset]:
        """Rows that were changed after a version, the oldest change first; without their documents."""

    def counts(self) -> Mapping[AssetState, int]:
        """How many rows are in each state."""

    def start(self) -> None:
        """Start working in the background."""

    def stop(self) -> None:
        """Stop it; what was being worked on is worked on again later."""


class PeopleOfAssets(Protocol):
    """The names of the event for people of assets, see `curation.event.outfits.search.OutfitSearch`."""

    def named_people(self, name: str) -> frozenset[tuple[str, int]]:
        """Id of the asset and number of the person, wherever this person of the event is seen."""

    def name_of(self, asset: Asset, person_index: int) -> str | None:
        """The name of one person of an asset; None for somebody without a name."""


class AssetDesk:
    """Answers for the assets; every request about them asks it first."""

    def __init__(
        self,
        work: AssetsPort | None = None,
        people: PeopleOfAssets | None = None,
        *,
        missing: Callable[[], str] = str,
        close: Callable[[], object] = str,
    ) -> None:
        """Take the parts; nothing is started yet.

        Args:
            work: None if assets are switched off.
            people: None if nobody has a name.
            missing: Says which weights are missing and how to get them; empty if none is.
            close: Closes databases, after the work has stopped.
        """
        self._work = work
        self._people = people
        self._missing = missing
        self._close = close
        self._said: tuple[float, str] = (-_SAY_AGAIN_S, "")

    def name_people(self, people: PeopleOfAssets) -> None:
        """Set who knows the names of the event, unless somebody does."""
        self._people = self._people or people

    @property
    def is_on(self) -> bool:
        """Whether the service works on assets."""
        return self._work is not None

    @property
    def work(self) -> AssetsPort:
        """Where pictures are handed in and found.

        Raises:
            AssetsOffError: If assets are switched off; says what to do.
        """
        if self._work is None:
            raise AssetsOffError(ASSETS_OFF)
        return self._work

    def missing(self) -> str:
        """Why pictures wait although the service works: a sentence that says what to do; empty if they do not."""
        if self._work is None:
            return ""
        said_at_s, text = self._said
        # Looking for weights reads the disk, and a page asks often.
        if monotonic() - said_at_s > _SAY_AGAIN_S:
            text = self._missing()
            self._said = monotonic(), text
        return text

    def named_people(self, name: str) -> frozenset[tuple[str, int]]:
        """See `PeopleOfAssets`; raises what that raises."""
        return frozenset() if self._people is None else self._people.named_people(name)

    def name_of(self, asset: Asset, person_index: int) -> str | None:
        """See `PeopleOfAssets`."""
        return None if self._people is None else self._people.name_of(asset, person_index)

    def start(self) -> None:
        """Start working, if assets are on."""
        if self._work is not None:
            self._work.start()

    def stop(self) -> None:
        """Stop working, and close the databases."""
        if self._work is not None:
            self._work.stop()
        self._close()
