"""Serving the page: `make serve`. The server runs in this very process, so that signals reach it directly."""

from __future__ import annotations

import errno
import json
import os
import socket
import sys
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from curation.cli.browser import open_page, why_not_opened
from curation.cli.project import is_installed
from curation.errors import BusyError, CurationError, SettingsError
from curation.settings import EventPlaces, ServiceSettings, Settings
from curation.starting import raise_when_interrupted

if TYPE_CHECKING:
    from fastapi import FastAPI

__all__ = ["page_address", "serve"]

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}
_APPLICATION = "main_api:app"
_TALK_S = 10.0
_START_FAILED = 3
_EVENT_PAGE = "/review/event"


@dataclass(frozen=True, slots=True)
class _Opening:
    """What happens once the page can be seen.

    Attributes:
        base: The address of the service.
        event: The event whose page is opened; None for the list of all events.
        opens: Whether the browser is opened.
    """

    base: str
    event: EventPlaces | None
    opens: bool

    def show(self, path: str, words: str) -> None:
        """Say where the page is, and open it."""
        address = self.base + path
        print(words.format(address), flush=True)
        if self.opens and not why_not_opened(os.environ):
            open_page(address)


def serve(settings: Settings, event: EventPlaces | None = None, *, opens: bool = True) -> int:
    """Serve until a signal ends it; if the service is at work already, open the event there.

    Args:
        settings: Of the service, which reads them again itself: from the settings file and the environment.
        event: The event whose page is shown; None for the list of all events.
        opens: Whether the browser is opened, if `service.open_browser` and the machine's screen allow it.

    Returns:
        The exit code.

    Raises:
        SettingsError: If the address cannot be listened on.
        BusyError: If another program listens there.
    """
    opening = _Opening(page_address(settings.service), event, opens and settings.service.open_browser)
    listener = _listener(settings.service)
    if listener is None:
        return _show_elsewhere(settings, opening)
    return _run(listener, opening)


def page_address(service: ServiceSettings) -> str:
    """How a browser of this machine reaches the service: scheme, host and port."""
    host = _EVERYWHERE.get(service.host, service.host)
    shown = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return f"http://{shown}:{service.port}"


def _listener(service: ServiceSettings) -> socket.socket | None:
    """A socket that listens; None if the port is in use."""
    family = socket.AF_INET6 if ":" in service.host else socket.AF_INET
    listener = socket.socket(family)
    try:
        if os.name == "posix":  # elsewhere it would let two services share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((service.host, service.port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            return None
        advice = "choose another one: service.host and service.port in config.yaml"
        raise SettingsError(
            f"{service.host} port {service.port} cannot be listened on ({error.strerror}); {advice}"
        ) from error
    listener.set_inheritable(True)
    return listener


def _run(listener: socket.socket, opening: _Opening) -> int:
    # Imported here, because the port is told to be free or not before the half second that this takes.
    import uvicorn
    from uvicorn.importer import import_from_string

    app: FastAPI = import_from_string(_APPLICATION)

    class _Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=sockets)
            if self.started:
                # A thread: to open an event reads its files, and a browser may take its time to start.
                threading.Thread(target=_show_here, args=(app, opening), name="curation-show", daemon=True).start()

    server = _Server(uvicorn.Config(app))
    raise_when_interrupted()
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        return 0
    return 0 if server.started else _START_FAILED


def _show_here(app: FastAPI, opening: _Opening) -> None:
    path = "/"
    try:
        if opening.event is not None:
            path = app.state.events.open(opening.event.input, opening.event.output).root + _EVENT_PAGE
    except CurationError as error:
        print(f"error: {error}", file=sys.stderr, flush=True)
    opening.show(path, "The page is at {} - stop it with Ctrl-C.")


def _show_elsewhere(settings: Settings, opening: _Opening) -> int:
    service = settings.service
    advice = f"end it, or choose another port: CURATION_SERVICE__PORT={service.port % 65535 + 1} "
    advice += "curation serve" if is_installed() else "make serve"
    try:
        health = _asked("GET", f"{opening.base}/health", service)
    except (OSError, ValueError) as error:
        raise BusyError(
            f"port {service.port} of {service.host} is in use by another program ({error}); {advice}"
        ) from error
    if not isinstance(health, dict) or not {"status", "engine", "running_jobs"} <= set(health):
        raise BusyError(f"port {service.port} of {service.host} is in use by another program; {advice}")
    path = "/"
    if opening.event is not None:
        body = {"folder": opening.event.input, "output": opening.event.output}
        try:
            path = _asked("POST", f"{opening.base}/events", service, body)["root"] + _EVENT_PAGE
        except urllib.error.HTTPError as error:
            detail = _detail(error)
            message = f"a service is at work on port {service.port} already, and does not open the folder"
            raise BusyError(f"{message}: {detail}; {advice}") from error
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BusyError(
                f"a service on port {service.port} does not answer as this version does ({error}); {advice}"
            ) from error
    opening.show(path, "The service is at work already. The page is at {}")
    return 0


def _asked(method: str, address: str, service: ServiceSettings, body: dict[str, str] | None = None) -> Any:
    """The JSON answer of a service on this machine.

    Raises:
        OSError: If it does not answer (urllib's errors are of this kind).
        ValueError: If the answer is not JSON.
    """
    headers = {"Accept": "application/json", "Content-Type": "application/json"}
    if service.token is not None:
        headers["Authorization"] = f"Bearer {service.token.get_secret_value()}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data=data, headers=headers, method=method)
    # No proxy stands between a machine and itself.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=_TALK_S) as answer:
        return json.load(answer)


def _detail(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(error)["detail"])
    except (OSError, ValueError, KeyError, TypeError):
        return str(error)
