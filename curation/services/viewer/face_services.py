"""The attribute services as a viewer uses them: one client for all threads, its state, and the log of a picture."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, get_args

from curation.domain.attributes.values import Attribute
from curation.errors import ExtraMissingError, InputError
from curation.extras import Extra, extra_for
from curation.services.role import GRPC_ROLES, Role
from curation.settings.services import ServicesReadersSettings, ServicesSettings

if TYPE_CHECKING:
    from curation.services.answers import ImageAnswer
    from curation.services.trail.line import TrailLine

__all__ = [
    "START_COMMAND",
    "FaceClient",
    "FaceServices",
    "RoleState",
    "ServicesState",
    "reader_names",
]

START_COMMAND = "python -m curation services up"
"""Starts all roles on this machine."""

_HASH = re.compile(r"[0-9a-f]{6,64}")
_WAIT_S = 0.1
_SERVING = "SERVING"
_OFF = "off"
_TITLES = {
    Role.IMAGE_INPUT: "Image input",
    Role.LANDMARKS: "Landmarks",
    Role.AGE_GENDER: "Age and sex",
    Role.STORAGE: "Storage",
}
_SAID = {
    _SERVING: "running",
    "NOT_SERVING": "starting or stopping",
    "SERVICE_UNKNOWN": "another program answers there",
    "UNREACHABLE": "not running",
}


class FaceClient(Protocol):
    """What of `curation.services.client.AttributeClient` is used here."""

    def process(
        self,
        content: bytes,
        *,
        request_id: str = "",
        readers: Mapping[Attribute, str] | None = None,
        skip_storage: bool = False,
    ) -> ImageAnswer:
        """Send a picture and wait for its answer."""

    def health(self) -> Mapping[Role, str]:
        """The state of each role that listens on a port."""

    def close(self) -> None:
        """Close the connections."""


@dataclass(frozen=True, slots=True)
class RoleState:
    """A role as it is seen from here.

    Attributes:
        role: Its name.
        title: The same for people.
        address: Where it is looked for, HOST:PORT.
        state: Of the health service: `SERVING`, `NOT_SERVING`, `SERVICE_UNKNOWN`, or `UNREACHABLE`.
        said: The state in words.
    """

    role: Role
    title: str
    address: str
    state: str
    said: str

    @property
    def is_serving(self) -> bool:
        """Whether it takes pictures."""
        return self.state == _SERVING


@dataclass(frozen=True, slots=True)
class ServicesState:
    """Whether pictures can be looked at, and what to do if not.

    Attributes:
        roles: Those that listen on a port; empty if the packages for asking them are not installed.
        missing_extra: How to install the packages; empty if they are there.
    """

    roles: tuple[RoleState, ...]
    missing_extra: str = ""

    @property
    def is_ready(self) -> bool:
        """Whether all of them take pictures."""
        return bool(self.roles) and all(role.is_serving for role in self.roles)

    @property
    def running(self) -> int:
        """How many of them take pictures."""
        return sum(role.is_serving for role in self.roles)

    @property
    def command(self) -> str:
        """What starts those that are missing."""
        missing = [role.role.value for role in self.roles if not role.is_serving]
        return f"{START_COMMAND} --roles {','.join(missing)}" if self.running else START_COMMAND

    @property
    def detail(self) -> str:
        """What is wrong in a sentence; empty if nothing is."""
        if self.missing_extra or self.is_ready:
            return self.missing_extra
        if not self.running:
            return f"Nothing answers at {', '.join(role.address for role in self.roles)}."
        missing = [f"{role.title} ({role.address}) is {role.said}" for role in self.roles if not role.is_serving]
        return "; ".join(missing) + ". Pictures are answered without what it would tell."


def reader_names(attribute: Attribute) -> tuple[str, ...]:
    """The readers that can be named for an attribute, without `off`."""
    annotation = ServicesReadersSettings.model_fields[attribute.value].annotation
    return tuple(name for name in get_args(annotation) if name != _OFF)


def _connect(settings: ServicesSettings) -> FaceClient:
    with extra_for(Extra.SERVICES, "looking at faces with the attribute services"):
        from curation.services.client import AttributeClient

    return AttributeClient(settings)


def _read_steps(settings: ServicesSettings, image: str) -> Sequence[TrailLine]:
    with extra_for(Extra.SERVICES, "the log of the attribute services"):
        from curation.services.trail.reading import steps_of

    return steps_of(settings, image)


def _follow_steps(settings: ServicesSettings) -> Iterator[TrailLine | None]:
    with extra_for(Extra.SERVICES, "the log of the attribute services"):
        from curation.services.trail.log_stream import new_lines

    return new_lines(settings.redis, wait_s=_WAIT_S)


class FaceServices:
    """One client, made when it is first needed and shared by all threads; nothing is connected or imported before."""

    def __init__(
        self,
        settings: ServicesSettings,
        *,
        connect: Callable[[ServicesSettings], FaceClient] = _connect,
        read_steps: Callable[[ServicesSettings, str], Sequence[TrailLine]] = _read_steps,
        follow_steps: Callable[[ServicesSettings], Iterator[TrailLine | None]] = _follow_steps,
    ) -> None:
        """Take the settings.

        Args:
            settings: The section `services`.
            connect: Makes the client; another one in tests.
            read_steps: Reads the log of a picture; another one in tests.
            follow_steps: Reads what is added to the log; another one in tests.
        """
        self.settings = settings
        self._connect = connect
        self._read_steps = read_steps
        self._follow_steps = follow_steps
        self._client: FaceClient | None = None
        self._lock = threading.Lock()

    def read(
        self, content: bytes, *, request_id: str, readers: Mapping[Attribute, str], store: bool = True
    ) -> ImageAnswer:
        """Send a picture through the services and wait for the answer.

        Args:
            content: The bytes of its file.
            request_id: Names it in the log.
            readers: Other readers than those of the services' settings.
            store: Whether the services keep the result.

        Returns:
            The answer; errors of the picture or of the services are answers too.

        Raises:
            ExtraMissingError: The packages for asking are not installed.
        """
        return self._connected().process(
            content, request_id=request_id, readers=dict(readers) or None, skip_storage=not store
        )

    def steps(self, image: str) -> Sequence[TrailLine]:
        """The log of a picture.

        Args:
            image: SHA-256 of its bytes in hex, or the beginning of it.

        Raises:
            ExtraMissingError: The packages for reading it are not installed.
            InputError: If it is no such text; files cannot be named here.
            StorageError: The log cannot be read.
        """
        wanted = image.strip().lower().removeprefix("image:")
        if not _HASH.fullmatch(wanted):
            raise InputError(
                "a picture is named by the SHA-256 of its bytes, or at least the first 6 of its hex digits: "
                "the page Faces and the names of stored files have it"
            )
        return self._read_steps(self.settings, wanted)

    def new_steps(self) -> Iterator[TrailLine | None]:
        """The lines that are added to the log from the first `next` on, of all pictures; None if none came for a while.

        Raises:
            ExtraMissingError: The packages for reading it are not installed.
            CurationError: From `next`: the log cannot be read.
        """
        return self._follow_steps(self.settings)

    def state(self) -> ServicesState:
        """Ask each role whether it takes pictures; takes seconds if one hangs."""
        try:
            health = self._connected().health()
        except ExtraMissingError as error:
            return ServicesState((), str(error))
        from curation.services.addresses import peer_address

        states = ((role, health.get(role, "UNREACHABLE")) for role in GRPC_ROLES)
        return ServicesState(
            tuple(
                RoleState(role, _TITLES[role], peer_address(self.settings, role), state, _SAID.get(state, state))
                for role, state in states
            )
        )

    def close(self) -> None:
        """End the connections, if there are any; they are made again when they are needed."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def __enter__(self) -> FaceServices:
        """Use it in a block, which ends the connections."""
        return self

    def __exit__(self, *error: Any) -> None:
        """End the connections."""
        self.close()

    def _connected(self) -> FaceClient:
        with self._lock:
            if self._client is None:
                self._client = self._connect(self.settings)
            return self._client
