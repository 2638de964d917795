"""Which addresses may be fetched."""

from __future__ import annotations

import time

import pytest

from curation.errors import AddressRefusedError
from curation.pipelines.video.web.addresses import address_name, checked_address, is_address


def public(host: str, port: int) -> list[str]:
    return ["93.184.216.34"]


def stands_for(*ips: str) -> list[str]:
    return list(ips)


@pytest.mark.parametrize(
    "ip",
    [
        *("127.0.0.1", "127.8.9.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "0.1.2.3"),
        *("100.64.0.1", "192.0.0.8", "198.18.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255"),
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "fec0::1", "ff02::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1"),
        *("2002:7f00:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1"),
    ],
)
def test_public_leads_into_no_private_network(ip: str) -> None:
    with pytest.raises(AddressRefusedError, match="private network"):
        checked_address("https://films.example/a.mp4", "public", resolve=lambda *_: stands_for(ip))
    assert checked_address("https://films.example/a.mp4", "any", resolve=lambda *_: stands_for(ip)).ip == ip


def test_one_private_address_of_several_is_enough_to_refuse() -> None:
    with pytest.raises(AddressRefusedError, match="private network"):
        checked_address("http://films.example/", "public", resolve=lambda *_: stands_for("93.184.216.34", "10.0.0.1"))


@pytest.mark.parametrize(
    "ip", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_public_addresses_are_taken(ip: str) -> None:
    assert checked_address("http://films.example/", "public", resolve=lambda *_: stands_for(ip)).ip == ip


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:7f00:1]"])
def test_every_way_to_write_this_machine_is_refused(host: str) -> None:
    with pytest.raises(AddressRefusedError):
        checked_address(f"http://{host}:8080/a.mp4", "public")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("file:///etc/passwd", "only http and https"),
        ("ftp://films.example/a.mp4", "only http and https"),
        ("http:///a.mp4", "names no host"),
        ("http://user:secret@films.example/a.mp4", "user name or password"),
        ("http://films.example:99999/a.mp4", "no valid address"),
        ("http://films.example/a b.mp4", "spaces"),
        ("http://films.example/a\r\nHost: other", "spaces"),
        ("http://[::1/a.mp4", "no valid address"),
        ("http://" + "a" * 9000, "too long"),
        ("http://" + "a" * 70 + ".example/", "no valid name"),
    ],
)
def test_what_is_no_address_of_a_film(text: str, why: str) -> None:
    with pytest.raises(AddressRefusedError, match=why):
        checked_address(text, "any", resolve=public)


def test_addresses_are_off_by_default() -> None:
    with pytest.raises(AddressRefusedError, match=r"set video\.urls to public"):
        checked_address("https://films.example/a.mp4", "off", resolve=public)


def test_unknown_and_slow_names() -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise OSError(8, "name not known")

    def slow(host: str, port: int) -> list[str]:
        time.sleep(0.5)
        return ["93.184.216.34"]

    with pytest.raises(AddressRefusedError, match="its host is not known"):
        checked_address("http://films.example/", "public", resolve=unknown)
    with pytest.raises(AddressRefusedError, match="looking up its host took over"):
        checked_address("http://films.example/", "public", timeout_s=0.05, resolve=slow)


def test_what_is_asked_for() -> None:
    checked = checked_address("https://Films.Example:8443/a%20b/é.mp4?x=1#part", "public", resolve=public)
    assert (checked.scheme, checked.host, checked.port) == ("https", "films.example", 8443)
    assert checked.target == "/a%20b/%C3%A9.mp4?x=1"
    assert checked_address("http://bücher.example", "public", resolve=public).host == "xn--bcher-kva.example"


def test_messages_name_no_secret() -> None:
    assert address_name("https://u:p@films.example/dir/a.mp4?token=secret#x") == "https://films.example/a.mp4"
    assert address_name("https://films.example") == "https://films.example"
    assert "\x1b" not in address_name("https://films.example/\x1b[31m")


def test_what_is_a_path() -> None:
    assert is_address("HTTP://x") and is_address(" https://x") and is_address("s3://bucket/a")
    assert not is_address("C:\\films\\a.mp4") and not is_address("films/a.mp4") and not is_address("a:b")
