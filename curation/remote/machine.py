"""What a worker has of its own: settings, folders, model files, and the way to the photos."""

from __future__ import annotations

import socket
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from curation.errors import PhotoUnreadableError
from curation.photos.originals import Originals
from curation.pipelines.originals import originals_of
from curation.remote.codec import Codec
from curation.remote.places import INPUT, Places, key_of, places_of
from curation.remote.setups import AnyWork, FilmWork, PictureWork, library_versions
from curation.remote.weights import WeightsShelf

if TYPE_CHECKING:
    from curation.settings import Settings

__all__ = ["Machine", "NotTheRunsFileError", "this_machine"]


class NotTheRunsFileError(Exception):
    """This machine does not have the file that the parent sees; the message names the machine and the folder."""


class Machine:
    """One machine, by its settings."""

    def __init__(self, settings: Settings) -> None:
        """Take the settings; nothing is opened."""
        self.settings = settings
        self.places: Places = places_of(settings)
        self.shelf = WeightsShelf(settings)
        self.codec = Codec(self.places, self.shelf.find)
        self._originals: Originals | None = None

    @property
    def originals(self) -> Originals:
        """Gets photos to hand."""
        if self._originals is None:
            self._originals = originals_of(self.settings)
        return self._originals

    @property
    def fetches_from_storage(self) -> bool:
        """Whether missing model files are fetched from object storage."""
        url = self.settings.workers.weights_url
        return url is not None and not url.startswith(("http://", "https://"))

    def without_object_storage(self) -> Machine:
        """The same machine, which fetches model files from services only."""
        if not self.fetches_from_storage:
            return self
        workers = self.settings.workers.model_copy(update={"weights_url": None})
        return Machine(self.settings.model_copy(update={"workers": workers}))

    def lacking(self, setup: AnyWork) -> str:
        """Why this machine cannot do a run's work; empty if it can, as far as that is known before the first photo."""
        other = _other_libraries(setup)
        if other or isinstance(setup, PictureWork):  # whose pictures are sent with the tasks
            return other
        return self._unreachable(setup.input_address)

    def _unreachable(self, input_address: str) -> str:
        own, io = self.settings.input_address, self.settings.io
        if own:
            if input_address and own != input_address:
                return f"its io.input_dir is {own}, and the photos of the run are in {input_address}"
            return ""
        if not io.input_dir.is_dir():
            where = f"; the photos of the run are in {input_address}" if input_address else ""
            return f"there is no folder {io.input_dir} (its io.input_dir){where}"
        return ""

    def check(self, path: Path, size_bytes: int, input_address: str) -> Path:
        """Make sure that a file is the one that the parent sees.

        Args:
            path: On this machine.
            size_bytes: As the parent sees it.
            input_address: Of the run's photos in object storage; empty if they lie in a folder.

        Returns:
            The path.

        Raises:
            NotTheRunsFileError: If there is no such file here, or it has another size.
            ObjectStorageError: If it cannot be fetched.
        """
        place, below = self.places.told(path)
        if place == INPUT and input_address and input_address == self.settings.input_address:
            return path  # the same object; if it changed, that is told as for any run
        try:
            with self.originals.at_hand(path) as here:
                found = here.stat().st_size
        except (OSError, PhotoUnreadableError) as error:
            raise NotTheRunsFileError(
                f"{socket.gethostname()} does not see {below} in {self._shown(place)}: {error}"
            ) from error
        if found != size_bytes:
            raise NotTheRunsFileError(
                f"{socket.gethostname()} sees another file {below} in {self._shown(place)}: it has {found} bytes, not "
                f"{size_bytes}"
            )
        return path

    def _shown(self, place: str) -> str:
        address = self.settings.input_address if place == INPUT else ""
        return f"{address or self.places.root(place)} (its {key_of(place)})"


def _other_libraries(setup: AnyWork) -> str:
    """Which libraries are of other versions than the run's, with which results might be others; empty if none is."""
    own = dict(library_versions(films=isinstance(setup, FilmWork)))
    others = [
        f"{name} is {own.get(name, 'not known')} here and {version} there"
        for name, version in setup.libraries
        if own.get(name) != version
    ]
    return f"it has other libraries than the run: {'; '.join(others)}; install the same versions" if others else ""


@cache
def this_machine() -> Machine:
    """The machine that this process runs on; its settings are read once.

    Raises:
        SettingsError: If they are not valid.
    """
    from curation.settings.machine import machine_settings

    return Machine(machine_settings())
