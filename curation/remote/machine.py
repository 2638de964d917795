"""What a worker has of its own: settings, folders, model files, and the way to the photos."""

from __future__ import annotations

import os
import queue
import socket
import threading
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from curation.disk.temporaries import OwnFile, own_name
from curation.errors import PhotosMissingError, PhotoUnreadableError
from curation.photos.finding.folder_watch import NO_FOLDERS, FolderWatch, watch_of
from curation.photos.originals import Originals
from curation.pipelines.originals import originals_of
from curation.remote.codec import Codec
from curation.remote.places import INPUT, Places, key_of, places_of
from curation.remote.setups import AnyWork, FilmWork, PhotoWork, PictureWork, library_versions
from curation.remote.weights import WeightsShelf

if TYPE_CHECKING:
    from curation.settings import Settings

__all__ = ["Machine", "NotTheRunsFileError", "this_machine"]

_NO_FOLDER = "there is none"
_TRY_BYTES = 64 * 1024
_ANSWER_LIMIT_S = 10.0  # a disk that takes longer to name its folder is not worked from


class NotTheRunsFileError(Exception):
    """This machine does not have the file that the parent sees; the message names the machine and the folder."""


class _Disk:
    """Asks a disk that may not answer. A question that was never answered is not asked anew: it holds a thread."""

    def __init__(self) -> None:
        self._answers: queue.SimpleQueue[str] | None = None

    def ask(self, question: Callable[[], str]) -> str:
        """What is wrong with the disk; empty if nothing."""
        answers = self._answers
        if answers is None:
            answers = self._answers = queue.SimpleQueue()
            put = answers.put
            threading.Thread(target=lambda: put(question()), name="asks-a-disk", daemon=True).start()
        try:
            answer = answers.get(timeout=_ANSWER_LIMIT_S)
        except queue.Empty:
            return f"the disk has not answered for {_ANSWER_LIMIT_S:g} s"
        self._answers = None
        return answer


class Machine:
    """One machine, by its settings."""

    def __init__(self, settings: Settings) -> None:
        """Take the settings; nothing is opened."""
        self.settings = settings
        self.places: Places = places_of(settings)
        self.shelf = WeightsShelf(settings)
        self.codec = Codec(self.places, self.shelf.find)
        self._originals: Originals | None = None
        self._disk = _Disk()

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
        return self._unreachable(setup.input_address, needs_files=isinstance(setup, PhotoWork))

    def _unreachable(self, input_address: str, *, needs_files: bool) -> str:
        own, folder = self.settings.input_address, self.settings.io.input_dir
        if own:
            if input_address and own != input_address:
                return f"its io.input_dir is {own}, and the photos of the run are in {input_address}"
            why = self._disk.ask(lambda: _fault_of_own_disk(folder))
            return f"photos cannot be fetched to {folder}, below its io.state_dir: {why}" if why else ""
        where = f"; the photos of the run are in {input_address}" if input_address else ""
        why = self._disk.ask(lambda: _fault_of_folder(folder, needs_files=needs_files))
        if why == _NO_FOLDER:
            return f"there is no folder {folder} (its io.input_dir){where}"
        return f"its io.input_dir {folder} cannot be used: {why}{where}" if why else ""

    def watch(self, paths: Iterable[Path]) -> FolderWatch:
        """Watches the folders of a task's files, to tell later whose fault it is that one could not be used.

        Args:
            paths: Of the files, on this machine; all of one place.
        """
        files = list(paths)
        if not files or self.settings.input_address:
            return NO_FOLDERS
        return watch_of(self.places.root(self.places.told(files[0])[0]), files)

    def demand(self, watch: FolderWatch, path: Path, size_bytes: object, input_address: str) -> None:
        """Make sure that a file which could not be used is not to blame for this machine.

        Args:
            watch: From before the task.
            path: Of the file, on this machine.
            size_bytes: As the parent saw it; None if it did not.
            input_address: As for `check`.

        Raises:
            NotTheRunsFileError: If its folder vanished, or it is not the parent's file any more.
            ObjectStorageError: If it cannot be fetched.
        """
        if type(size_bytes) is not int or size_bytes < 0:
            return  # the parent does not see it either
        try:
            watch.demand(path)
        except PhotosMissingError as error:
            raise NotTheRunsFileError(f"{socket.gethostname()}: {error}") from error
        self.check(path, size_bytes, input_address)

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


def _fault_of_folder(folder: Path, *, needs_files: bool) -> str:
    """Why photos cannot be read from a folder; empty if they can, as far as the folder tells."""
    try:
        with os.scandir(folder) as scan:
            is_empty = next(scan, None) is None
    except FileNotFoundError:
        return _NO_FOLDER
    except NotADirectoryError:
        return "it is not a folder"
    except OSError as error:
        return error.strerror or str(error)
    if not os.access(folder, os.X_OK):
        return "no permission"
    return "it is empty; is its disk connected?" if needs_files and is_empty else ""


def _fault_of_own_disk(folder: Path) -> str:
    """Why nothing can be written into a folder of this program; empty if it can."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with OwnFile(lambda: folder / own_name("try")) as own:
            own.file.write(bytes(_TRY_BYTES))
            own.file.flush()
            os.fsync(own.file.fileno())
    except OSError as error:
        return error.strerror or str(error)
    return ""


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
