"""HTTP requests as bytes: targets, queries, headers, cookies, lengths and bodies by grammar."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from tests.hostile.forms import Form, hostile_form
from tests.hostile_files import FRAGMENTS

__all__ = ["Sent", "hostile_request", "hostile_upload"]

_UPLOADS = (
    *("/photos",) * 5, "/assets", "/api/upload/", "/videos", "/attributes", "/attributes/picture", "/sign-in",
    "/find-me", "/cluster", "/labels", "/picks",
)  # fmt: skip
_TEXTS = (
    "", "0", "-1", "1e9", "NaN", "9" * 5000, "null", "[]", "a,b", "../../etc/passwd", "\0", "\r\nSet-Cookie: a=b",
    "<script>alert(1)</script>", "' OR 1=1 --", "{{7*7}}", "%", "%00", "%ff", "%u0041", "+", "ä", "\u202e", "\ud800",
    "a" * 3000, "2026-01-01T00:00:00Z", "9999-99-99", "true", "Anna", "a.jpg", "main", "=cmd|' /C calc'!A0", "\u0130",
)  # fmt: skip
_HEADERS = (
    "Accept", "Accept-Encoding", "Accept-Language", "Cache-Control", "Cookie", "Content-Encoding", "Date", "Expect",
    "Forwarded", "From", "HX-Request", "If-Match", "If-Modified-Since", "If-None-Match", "If-Range", "Origin",
    "Range", "Referer", "Sec-Fetch-Site", "TE", "Upgrade", "User-Agent", "Via", "X-Forwarded-For", "X-Forwarded-Host",
    "X-Forwarded-Proto", "X-HTTP-Method-Override", "X-Request-ID", "Last-Event-ID", "Authorization", "Content-Type",
)  # fmt: skip
_VALUES = (
    "*/*", "*", "text/html;q=x", "application/json;q=1e999", ",,,;;;===", "gzip, br;q=0", "bytes=0-", "bytes=-1",
    "bytes=9-1", "bytes=0-0," * 400, "bytes=" + "9" * 400 + "-", 'W/"', '"a", "b", *', "100-continue", "websocket",
    "Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 99 Nov 99999 99:99:99 GMT", "null", "http://evil.example", "trailers",
    "cross-site", "same-origin", "Bearer", "Bearer " + "x" * 3000, "Basic \xff\xfe", "\xe4\xf6", "\t", "",
    "a=b; curation_session=; =; ;;a", 'curation_session="\\042\\377"', "curation_session=" + "a" * 4000,
    "$Version=1; a=\xff", "for=[::1]:99999;host=\"a", "127.0.0.1, , unknown", "multipart/form-data; boundary=b",
    "application/json; charset=utf-7", "application/json; charset=\xff", "deflate", "\x7f", "a\x0bb",
)  # fmt: skip
_LENGTHS = (b"-1", b"+5", b"1e3", b"0x10", b"5, 5", b"5, 6", b"9" * 5000, b"\xb2", b" ", b"1_0")
_CODINGS = (b"gzip", b"chunked, chunked", b"identity", b"xchunked", b"chunked\r\nContent-Length: 3")
_METHODS = ("GET",) * 6 + ("HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "get", "PURGE", "Ä")


@dataclass(frozen=True, slots=True)
class Sent:
    """A request.

    Attributes:
        pieces: Its bytes, as they are sent.
        is_whole: Whether its length is that which it announces, so that an answer must come.
    """

    pieces: tuple[bytes, ...]
    is_whole: bool


def hostile_upload(port: int, token: str, chance: random.Random) -> Sent:
    """A form for one of the routes that take bodies; its length is sometimes a lie."""
    path = chance.choice(_UPLOADS)
    form = hostile_form(chance)
    return _with_body("POST", path, form, port, token, chance)


def hostile_request(port: int, token: str, paths: Sequence[str], chance: random.Random) -> Sent:
    """A request of any kind for one of these paths (as the description has them, with `{names}`)."""
    method = chance.choice(_METHODS)
    target = _target(chance.choice(paths), chance)
    if method in ("POST", "PUT", "PATCH") or chance.random() < 0.05:
        body = chance.choice(FRAGMENTS).encode("utf-8", "replace")
        if chance.random() < 0.5:
            body = json.dumps({chance.choice(_TEXTS[:20]): chance.choice(_TEXTS)}).encode()
        kind = chance.choice(("application/json", "text/plain", "application/x-www-form-urlencoded", ""))
        return _with_body(method, target, Form(kind.encode(), body), port, token, chance)
    head = _head(method, target, port, token, chance)
    return Sent((head + b"\r\n",), is_whole=True)


def _target(path: str, chance: random.Random) -> str:
    while "{" in path:
        before, _, rest = path.partition("{")
        after = rest.partition("}")[2]
        value = chance.choice(("0", "0", "1", "a.jpg", "0123456789abcdef", _escaped(chance.choice(_TEXTS), chance)))
        path = before + value + after
    if chance.random() < 0.08:
        return chance.choice(
            ("*", f"http://127.0.0.1{path}", "//evil.example/", "/%2e%2e/%2e%2e/etc/passwd", path + "#x", "", "/\\a")
        )
    if chance.random() < 0.6:
        names = ("page", "limit", "offset", "sort", "q", "name", "person", "size", "next", "token", "x", "query", "")
        pairs = [
            f"{_escaped(chance.choice((*names, *_TEXTS[:9])), chance)}={_escaped(chance.choice(_TEXTS), chance)}"
            for _ in range(chance.choice((1, 1, 2, 5, 40)))
        ]
        path += "?" + chance.choice(("&", "&", "&", ";", "&&")).join(pairs)
    return path


def _escaped(text: str, chance: random.Random) -> str:
    if chance.random() < 0.15:  # as it is, as far as a line can hold it
        return "".join(char for char in text if char.isascii() and char.isprintable() and char != " ")
    return quote(text.encode("utf-8", "surrogatepass"), safe=chance.choice(("", "/", "%")))


def _head(method: str, target: str, port: int, token: str, chance: random.Random) -> bytes:
    host = chance.choice((f"127.0.0.1:{port}",) * 60 + ("evil.example", "", "localhost", "[::1]", "127.0.0.1:99999"))
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", "Connection: close"]
    if chance.random() < 0.9:
        lines.append(f"Authorization: Bearer {token}")
    for _ in range(chance.choice((0, 0, 1, 2, 5, 40))):
        lines.append(f"{chance.choice(_HEADERS)}: {chance.choice(_VALUES)}")
    if chance.random() < 0.03:
        lines.append(chance.choice(("no colon", ": x", " folded", "X\0: y", "Host: again", "Content-Length: 1")))
    return ("\r\n".join(lines) + "\r\n").encode("latin-1", "replace")


def _with_body(method: str, target: str, form: Form, port: int, token: str, chance: random.Random) -> Sent:
    head = _head(method, target, port, token, chance)
    if form.content_type:
        head += b"Content-Type: " + form.content_type + b"\r\n"
    length = len(form.body)
    # Other headers among them may ask for a body of another length, or say that one is to be waited for.
    match chance.randrange(12):
        case 0:
            told = chance.choice((length + 1, length + 5000, max(0, length - 3), 0, 10**9))
            return Sent((head + b"Content-Length: %d\r\n\r\n" % told, form.body), is_whole=False)
        case 1:
            told_text = chance.choice(
                (b"-1", b"+5", b"1e3", b"0x10", b"5, 5", b"5, 6", b"9" * 5000, b"\xb2", b" ", b"1_0")
            )
            return Sent((head + b"Content-Length: " + told_text + b"\r\n\r\n", form.body), is_whole=False)
        case 2:
            half = length // 2
            chunks = [form.body[:half], form.body[half:]]
            body = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks if chunk) + b"0\r\n\r\n"
            return Sent((head + b"Transfer-Encoding: chunked\r\n\r\n", body), is_whole=True)
        case 3:
            broken = chance.choice((b"zz\r\n", b"-1\r\n", b"ffffffffffffffff\r\n", b"5\r\nab", b"5\r\nabcdefgh", b"\0"))
            return Sent((head + b"Transfer-Encoding: chunked\r\n\r\n", broken), is_whole=False)
        case 4:
            odd = chance.choice(
                (b"gzip", b"chunked, chunked", b"identity", b"xchunked", b"chunked\r\nContent-Length: 3")
            )
            return Sent((head + b"Transfer-Encoding: " + odd + b"\r\n\r\n", form.body), is_whole=False)
        case 5:
            return Sent((head + b"\r\n", form.body), is_whole=False)
        case _:
            return Sent((head + b"Content-Length: %d\r\n\r\n" % length, form.body), is_whole=True)
