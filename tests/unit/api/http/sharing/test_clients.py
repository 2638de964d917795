from __future__ import annotations

import pytest

from curation.api.http.sharing.clients import client_of


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("127.0.0.1", "127.0.0.2", True),
        ("127.0.0.1", "::1", True),
        ("127.0.0.1", "::ffff:127.0.0.1", True),
        ("fe80::1%eth0", "fe80::2", True),
        ("testclient", "another name", True),
        ("", "127.0.0.1", True),
    ],
)
def test_addresses_of_one_machine_are_one_client(one: str, other: str, same: bool) -> None:
    names = [client_of({"type": "http", "client": (host, 1234) if host else None}) for host in (one, other)]
    assert (names[0] == names[1]) is same
