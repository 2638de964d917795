from __future__ import annotations

import pytest

from curation.errors import SettingsError
from curation.services.addresses import (
    is_loopback,
    listen_address,
    peer_address,
    refuse_open_listening,
    split_address,
)
from curation.services.role import Role
from curation.settings.services import ListenSettings, PeerSettings, ServicesSettings

TOKEN = "t" * 20


def settings(host: str, token: str | None = None, **peers: str) -> ServicesSettings:
    return ServicesSettings.model_validate(
        {"listen": ListenSettings(host=host), "peers": PeerSettings.model_validate(peers), "token": token}
    )


@pytest.mark.parametrize(
    ("host", "listens", "reached"),
    [
        ("127.0.0.1", "127.0.0.1:50052", "127.0.0.1:50052"),
        ("0.0.0.0", "0.0.0.0:50052", "127.0.0.1:50052"),
        ("::", "[::]:50052", "127.0.0.1:50052"),
        ("[::1]", "[::1]:50052", "[::1]:50052"),
        ("box.lan", "box.lan:50052", "box.lan:50052"),
    ],
)
def test_where_a_role_listens_and_where_it_is_reached(host: str, listens: str, reached: str) -> None:
    assert listen_address(settings(host), Role.LANDMARKS) == listens
    assert peer_address(settings(host), Role.LANDMARKS) == reached


def test_a_named_peer_is_not_where_this_machine_listens() -> None:
    chosen = settings("0.0.0.0", TOKEN, landmarks="landmarks:50052")
    assert listen_address(chosen, Role.LANDMARKS) == "0.0.0.0:50052"
    assert peer_address(chosen, Role.LANDMARKS) == "landmarks:50052"
    assert peer_address(chosen, Role.STORAGE) == "127.0.0.1:50054"


def test_a_role_without_a_port_has_no_address() -> None:
    with pytest.raises(ValueError, match="queue"):
        listen_address(settings("127.0.0.1"), Role.QUEUE)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "[::1]", "127.3.4.5"])
def test_this_machine_needs_no_token(host: str) -> None:
    assert is_loopback(host)
    refuse_open_listening(settings(host))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "box.lan", "192.168.1.2"])
def test_other_machines_need_one(host: str) -> None:
    assert not is_loopback(host)
    refuse_open_listening(settings(host, TOKEN))
    with pytest.raises(SettingsError, match=r"set services\.token"):
        refuse_open_listening(settings(host))


@pytest.mark.parametrize(
    ("text", "parts"),
    [("[::]:50051", ("::", 50051)), ("localhost:1", ("localhost", 1)), (" 1.2.3.4:65535 ", ("1.2.3.4", 65535))],
)
def test_addresses_are_split(text: str, parts: tuple[str, int]) -> None:
    assert split_address(text) == parts


@pytest.mark.parametrize("text", ["", "50051", ":50051", "host", "host:", "host:0", "host:70000", "host:x"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match="HOST:PORT"):
        split_address(text)
