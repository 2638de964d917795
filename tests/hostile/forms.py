"""Forms with files, as bytes: nearly right, wrong at one or two places, or nested, huge and cut off."""

from __future__ import annotations

import io
import random

from PIL import Image

__all__ = ["Form", "hostile_form"]

_NAMES = (
    b'"a.jpg"', b'"b.png"', b'""', b'"a', b"a.jpg", b'"../../a.jpg"', b'"C:\\\\photos\\\\a.jpg"', b'"a\\"b.jpg"',
    b'"\xc3\xa4\xcc\x88.jpg"', b'"\xff\xfe.jpg"', b'"\xed\xa0\x80.jpg"', b'"a\0b.jpg"', b'".jpg"', b'"con.jpg"',
    b'"=?utf-8?q?a=2Ejpg?="', b'"a.jpg\r\n\tb.jpg"', b'"' + b"x" * 3000 + b'.jpg"', b'"\xe2\x80\xaegpj.exe"',
    b'"a;b=c.jpg"', b'"<img src=x onerror=alert(1)>.jpg"', b'"a.jpg "', b'"a%00.jpg"', b'"-rf.jpg"', b'"=1+1.jpg"',
)  # fmt: skip
_EXTENDED = (
    b"; filename*=UTF-8''%e4%b8%ad.jpg",
    b"; filename*=utf-16''%ff%fe",
    b"; filename*=nothing''a.jpg",
    b"; filename*=UTF-8''%zz%",
    b"; filename*0*=UTF-8''a; filename*1=b.jpg",
    b"; filename*99999999999=a",
    b"; filename*=",
    b"; filename*=idna''" + b"%ff" * 900,
    b'; filename="b.jpg"',
    b"; filename",
    b";;;;=;=",
    b"; name=" + b"y" * 5000,
    b"; size=-1",
)
_FIELDS = (b'"photos"', b'"picture"', b'"files"', b'"video"', b'"poster"', b'"selfie"', b"", b'"\xff"', b'"__proto__"')
_MORE_HEADERS = (
    b"Content-Type: image/jpeg",
    b"Content-Type: multipart/mixed; boundary=inner",
    b"Content-Type: " + b"a/" * 2000,
    b"Content-Transfer-Encoding: base64",
    b"Content-Length: 99999999999999999999",
    b"Content-Disposition: form-data",
    b"X-Long: " + b"z" * 9000,
    b"X: " + b"; " * 1500,
    b"x" * 5000 + b": y",
    b": no name",
    b"no colon",
    b"X\0Y: z",
    b" folded: x",
    b"\xc3\xa4: x",
)
_BOUNDARIES = (
    (b"b", b"b"), (b"b", b"B"), (b"b", b"bb"), (b'"b"', b"b"), (b'"b', b"b"), (b'"a b"', b"a b"), (b"", b""),
    (b"-", b"-"), (b"--", b"--"), (b"b; boundary=c", b"c"), (b"x" * 70, b"x" * 70), (b"x" * 300, b"x" * 300),
    (b"\xe4", b"\xe4"), (b'"\\"b"', b'"b'), (b"b; charset=utf-7", b"b"), (b"b;" + b"a=b;" * 900, b"b"),
    (b"b ", b"b"), (b"=?utf-8?q?b?=", b"b"), (b"'b'", b"b"), (b"b*=utf-8''b", b"b"),
)  # fmt: skip
_KINDS = (
    b"multipart/form-data", b"multipart/form-data", b"multipart/form-data", b"Multipart/Form-Data", b"multipart/mixed",
    b"multipart/form-data, multipart/form-data", b"multipart/", b"application/x-www-form-urlencoded",
)  # fmt: skip


class Form:
    """A body and its Content-Type."""

    __slots__ = ("body", "content_type")

    def __init__(self, content_type: bytes, body: bytes) -> None:
        """Take both."""
        self.content_type = content_type
        self.body = body


def hostile_form(chance: random.Random) -> Form:
    """A form; about a third of them are right, so that what comes behind the parser is reached."""
    sane = chance.random() < 0.35
    told, boundary = (b"b", b"b") if sane or chance.random() < 0.6 else chance.choice(_BOUNDARIES)
    parts = b"".join(
        b"--" + boundary + b"\r\n" + _part(chance, sane) + b"\r\n" for _ in range(chance.choice((0, 1, 1, 1, 2, 3, 9)))
    )
    body = parts + b"--" + boundary + b"--" + chance.choice((b"", b"\r\n", b"\r\nepilogue " * 9))
    kind = _KINDS[0] if sane else chance.choice(_KINDS)
    if not sane:
        body = _damaged(body, boundary, chance)
    return Form(kind + b"; boundary=" + told, body)


def _part(chance: random.Random, sane: bool) -> bytes:
    name = chance.choice(_NAMES)
    disposition = b"Content-Disposition: form-data; name=" + chance.choice(_FIELDS)
    if chance.random() < 0.85:
        disposition += b"; filename=" + name
    if chance.random() < 0.3:
        disposition += chance.choice(_EXTENDED)
    headers = [disposition]
    if not sane and chance.random() < 0.5:
        count = chance.choice((1, 1, 2, 30))
        headers += [chance.choice(_MORE_HEADERS) for _ in range(count)]
        chance.shuffle(headers)
    return b"\r\n".join(headers) + b"\r\n\r\n" + _content(chance)


def _content(chance: random.Random) -> bytes:
    match chance.randrange(14):
        case 0 | 1 | 9 | 10 | 11 | 12 | 13:
            return _picture(chance)
        case 2:
            return _picture(chance)[: chance.randrange(400)]
        case 3:
            return b""
        case 4:
            return b"\r" * chance.randrange(9000)
        case 5:
            return b"\r\n--" * chance.randrange(3000)
        case 6:
            return b"--b\r\nContent-Disposition: form-data; name=a\r\n\r\n--inner--\r\n--b-"
        case 7:
            return b"--inner\r\nContent-Disposition: file; filename=a.jpg\r\n\r\nx\r\n--inner--"
        case _:
            return chance.randbytes(chance.choice((1, 40, 70_000)))


def _picture(chance: random.Random) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (24, 16), (chance.randrange(256), 90, 90)).save(file, chance.choice(("JPEG", "PNG")))
    return file.getvalue()


def _damaged(body: bytes, boundary: bytes, chance: random.Random) -> bytes:
    out = bytearray(body)
    for _ in range(chance.choice((0, 0, 1, 1, 2))):
        at = chance.randrange(len(out) + 1)
        match chance.randrange(7):
            case 0:
                del out[at:]
            case 1:
                out = bytearray(out.replace(b"\r\n", b"\n"))
            case 2:
                out[:0] = chance.choice((b"preamble\r\n", b"\r\n" * 400, b"\0"))
            case 3:
                out[at:at] = b"\r\n--" + boundary + chance.choice((b"", b"\r\n", b"--", b"-\r\n", b" \t\r\n"))
            case 4:
                out[at : at + chance.randrange(1, 30)] = b""
            case 5:
                out[at:at] = chance.randbytes(chance.randrange(1, 9))
            case _:
                out += bytes(out)
    return bytes(out)
