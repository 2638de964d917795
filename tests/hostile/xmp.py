"""XMP packets by grammar: in the shapes that programs write, with hostile values, shapes and encodings among them."""

from __future__ import annotations

import hashlib
import io
import random
from collections.abc import Callable

from PIL import Image

from tests.xmp_namespaces import NAMESPACES

__all__ = ["bombs", "extended_jpeg", "hostile_packet", "sane_packet"]

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_SPACES = {name: uri for name, uri in NAMESPACES.items() if name != "rdf"} | {
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "xmpNote": "http://ns.adobe.com/xmp/note/",
    "foreign": "urn:example:foreign/",
}
_TEXTS = (
    "5", "0", "-1", "3.5", "9" * 4000, "1e999", "NaN", "", " ", "Red", "True", "Anna", "Zoë", "Ä", "A\u0308", "Anna|B",
    "People/Anna", "0.5", "-0.5", "1e-400", "0, 0, 0.5, 0.5", "nan, inf, 1, 2", "2026-01-01T10:00:00", "9999-99-99",
    "0000-00-00T99:99:99+99:99", "\u202eanna", "&lt;b&gt;", "&amp;", "&#x10FFFF;", "&#xFFFD;", "x" * 20_000, "٣", "½",
    "<![CDATA[Anna]]>", "a\nb", "=1+1", "&#9;", "Anna &amp; Bob", "1/2", "0/0",
)  # fmt: skip
_SIMPLE = (
    "xmp:Rating", "xmp:Label", "xmp:MetadataDate", "xmp:ModifyDate", "xmp:CreatorTool", "MicrosoftPhoto:Rating",
    "digiKam:PickLabel", "digiKam:ColorLabel", "photoshop:Urgency", "photoshop:SidecarForExtension", "xmpDM:good",
    "xmpDM:pick", "tiff:Orientation", "photomechanic:ColorClass", "photomechanic:Tagged", "acdsee:rating",
    "xmpNote:HasExtendedXMP", "foreign:Thing", "foreign:Other",
)  # fmt: skip
_LISTS = (
    "dc:subject", "lr:hierarchicalSubject", "digiKam:TagsList", "Iptc4xmpExt:PersonInImage", "darktable:colorlabels",
    "MicrosoftPhoto:LastKeywordXMP", "mediapro:People", "dc:title", "dc:creator", "foreign:List",
)  # fmt: skip
_NUMBERS = ("0.5", "0", "1", "-1", "1e400", "NaN", "inf", "", "x", "0.25", "9" * 400, "1,5", "0x1")
_DEEP = 700


def sane_packet(chance: random.Random) -> bytes:
    """A packet as programs write it, with things of its own that must stay."""
    return _packet(chance, is_sane=True).encode()


def hostile_packet(chance: random.Random) -> bytes:
    """A packet with one or a few hostile places, sometimes cut off, doubled, or in another encoding."""
    text = _packet(chance, is_sane=False)
    if chance.random() < 0.15:
        at = chance.randrange(len(text) + 1)
        text = chance.choice(
            (
                text[:at],
                text + text,
                text.replace("rdf:RDF", "rdf:rdf"),
                text.replace(_RDF, _RDF + "x"),
                text.replace("rdf:about", "about"),
                text[:at] + chance.choice(("\0", "&nothing;", "]]>", "<", "<?xpacket end='w'?>", "<!--")) + text[at:],
                '<?xml version="1.1" encoding="ISO-8859-1"?>' + text,
                '<!DOCTYPE x SYSTEM "file:///etc/passwd">' + text,
                '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + text.replace("Anna", "&e;"),
                "<!DOCTYPE x [" + "".join(_laughs(9)) + "]>" + text.replace("Anna", "&a8;"),
            )
        )
    return _encoded(text, chance)


def _encoded(text: str, chance: random.Random) -> bytes:
    match chance.randrange(14):
        case 0:
            return text.encode("utf-16", "replace")
        case 1:
            return text.encode("utf-16-le", "replace")
        case 2:
            return b"\xfe\xff" + text.encode("utf-16-be", "replace")
        case 3:
            return text.encode("utf-32", "replace")
        case 4:
            return b"\xef\xbb\xbf" + text.encode("utf-8", "replace")
        case 5:
            return text.encode("latin-1", "replace")
        case 6:
            return text.encode("utf-8", "replace").replace(b"a", b"\xc3\x28", 1)
        case 7:
            return b"\xff\xfe" + text.encode("utf-8", "replace")
        case 8:
            return b"\0" * chance.randrange(9) + text.encode("utf-8", "replace") + b"\0" * 9
        case _:
            return text.encode("utf-8", "replace")


def _laughs(levels: int) -> list[str]:
    inner = ['<!ENTITY a0 "haha">']
    return inner + [f'<!ENTITY a{level} "{f"&a{level - 1};" * 10}">' for level in range(1, levels)]


def _packet(chance: random.Random, *, is_sane: bool) -> str:
    spaces = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in _SPACES.items())
    descriptions = ""
    taken: set[str] = set()
    for _ in range(chance.choice((1, 1, 2, 3))):
        if not is_sane:
            taken = set()
        possible = [name for name in (_SIMPLE[:-3] if is_sane else _SIMPLE) if name not in taken]
        names = chance.sample(possible, min(len(possible), chance.randrange(5)))
        taken.update(names)
        attributes = " ".join(f'{name}="{_value(chance, is_sane, quoted=True)}"' for name in names)
        inner = "".join(_property(chance, is_sane, taken) for _ in range(chance.randrange(6)))
        about = chance.choice(('rdf:about=""', 'rdf:about="uuid:1"', 'about=""', "")) if not is_sane else 'rdf:about=""'
        descriptions += f"<rdf:Description {about} {spaces} {attributes}>{inner}</rdf:Description>"
    if chance.random() < 0.2:
        descriptions += '<foreign:Node xmlns:foreign="urn:example:foreign/" rdf:about="">kept</foreign:Node>'
    comment = "<!-- made by a program --><?keep this?>" if chance.random() < 0.3 else ""
    body = (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{comment}<rdf:RDF xmlns:rdf="{_RDF}">{descriptions}</rdf:RDF></x:xmpmeta>'
    )
    if chance.random() < 0.5:
        body = f'<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>{body}{" " * 200}<?xpacket end="w"?>'
    return body


def _whole(descriptions: str, before: str = "") -> str:
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{before}<rdf:RDF xmlns:rdf="{_RDF}">{descriptions}</rdf:RDF></x:xmpmeta>'
    )


def _value(chance: random.Random, is_sane: bool, *, quoted: bool = False) -> str:
    value = chance.choice(("5", "3", "Red", "Anna", "Zoë", "2026-01-01T10:00:00") if is_sane else _TEXTS)
    return value.replace("<![CDATA[", "").replace("]]>", "") if quoted else value


def _property(chance: random.Random, is_sane: bool, taken: set[str]) -> str:
    kinds: tuple[Callable[[], str], ...] = (
        lambda: _simple(chance, is_sane, taken),
        lambda: _list(chance, is_sane, taken),
        lambda: _list(chance, is_sane, taken),
        lambda: _regions(chance, is_sane, taken),
        lambda: _people_tags(chance, is_sane, taken),
        lambda: _structure(chance, taken),
    )
    made = chance.choice(kinds)()
    if not is_sane and chance.random() < 0.1:
        made = chance.choice(
            (
                made + made,
                "<foreign:deep>" * _DEEP + "</foreign:deep>" * _DEEP,
                made.replace("<rdf:li>", '<rdf:li rdf:parseType="Literal"><b>').replace("</rdf:li>", "</b></rdf:li>"),
                made.replace("rdf:Bag", "rdf:Alt"),
                made.replace("rdf:li", "rdf:_1"),
                made.replace("rdf:Bag", "foreign:Bag"),
                made.replace(">", ' rdf:resource="urn:x">', 1),
                f"<!--{'-' * 3}x-->",
                made.replace("<rdf:li>", "<rdf:li/><rdf:li>"),
            )
        )
    return made


def _simple(chance: random.Random, is_sane: bool, taken: set[str]) -> str:
    name = chance.choice(_SIMPLE[:-3] if is_sane else _SIMPLE)
    if is_sane and name in taken:
        return ""
    taken.add(name)
    value = _value(chance, is_sane)
    shape = chance.randrange(3)
    if shape == 0:
        return f"<{name}>{value}</{name}>"
    if shape == 1:
        return f'<{name} rdf:parseType="Resource"><rdf:value>{value}</rdf:value><foreign:q>1</foreign:q></{name}>'
    return f"<{name}><rdf:Description><rdf:value>{value}</rdf:value><foreign:q>1</foreign:q></rdf:Description></{name}>"


def _list(chance: random.Random, is_sane: bool, taken: set[str]) -> str:
    name = chance.choice(_LISTS)
    if is_sane and name in taken:
        return ""
    taken.add(name)
    kind = chance.choice(("Bag", "Bag", "Seq"))
    count = chance.choice((0, 1, 2, 5)) if is_sane or chance.random() < 0.95 else 3000
    items = "".join(f"<rdf:li>{_value(chance, is_sane)}{number}</rdf:li>" for number in range(count))
    if not is_sane and chance.random() < 0.1:
        return f"<{name}>{_value(chance, is_sane)}</{name}>"
    return f"<{name}><rdf:{kind}>{items}</rdf:{kind}></{name}>"


def _regions(chance: random.Random, is_sane: bool, taken: set[str]) -> str:
    if "mwg-rs:Regions" in taken and is_sane:
        return ""
    taken.add("mwg-rs:Regions")

    def number() -> str:
        return f"{chance.random():.3f}" if is_sane else chance.choice(_NUMBERS)

    items = ""
    for _ in range(chance.choice((0, 1, 3)) if is_sane or chance.random() < 0.95 else 800):
        area = f'<mwg-rs:Area stArea:x="{number()}" stArea:y="{number()}" stArea:w="{number()}" stArea:h="{number()}"'
        name, kind = _value(chance, is_sane, quoted=True), chance.choice(("Face", "Pet", "Focus"))
        items += (
            f'<rdf:li><rdf:Description mwg-rs:Name="{name}" mwg-rs:Type="{kind}" foreign:id="7">'
            f'{area} stArea:unit="normalized"/></rdf:Description></rdf:li>'
        )
    size = ("120", "80") if is_sane else (chance.choice(_NUMBERS), chance.choice(_NUMBERS))
    return (
        '<mwg-rs:Regions rdf:parseType="Resource">'
        f'<mwg-rs:AppliedToDimensions stDim:w="{size[0]}" stDim:h="{size[1]}" stDim:unit="pixel"/>'
        f"<mwg-rs:RegionList><rdf:Bag>{items}</rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions>"
    )


def _people_tags(chance: random.Random, is_sane: bool, taken: set[str]) -> str:
    if "MP:RegionInfo" in taken and is_sane:
        return ""
    taken.add("MP:RegionInfo")
    items = ""
    for _ in range(chance.choice((0, 1, 3))):
        place = "0.1, 0.2, 0.3, 0.3" if is_sane else chance.choice((*_TEXTS[:20], "0,0,1", "1, 1, 9, 9"))
        items += (
            f'<rdf:li rdf:parseType="Resource"><MPReg:Rectangle>{place}</MPReg:Rectangle>'
            f"<MPReg:PersonDisplayName>{_value(chance, is_sane)}</MPReg:PersonDisplayName></rdf:li>"
        )
    inner = f"<MPRI:Regions><rdf:Bag>{items}</rdf:Bag></MPRI:Regions>"
    return f'<MP:RegionInfo rdf:parseType="Resource">{inner}</MP:RegionInfo>'


def _structure(chance: random.Random, taken: set[str]) -> str:
    number = chance.randrange(1000)
    if str(number) in taken:
        return ""
    taken.add(str(number))
    return (
        f'<foreign:Made{number} rdf:parseType="Resource"><foreign:a>{number}</foreign:a><foreign:b><rdf:Seq>'
        f'<rdf:li foreign:c="1">x</rdf:li><rdf:li xml:lang="de">ü</rdf:li></rdf:Seq></foreign:b></foreign:Made{number}>'
    )


def bombs() -> dict[str, bytes]:
    """Packets that cost much if anything about them takes the square of their length."""

    def whole(inner: str, attributes: str = "", more: str = "") -> bytes:
        spaces = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in _SPACES.items())
        described = f'<rdf:Description rdf:about="" {spaces} {attributes}>{inner}</rdf:Description>{more}'
        return _whole(described).encode()

    def listed(name: str, count: int) -> str:
        items = "".join(f"<rdf:li>name {number}</rdf:li>" for number in range(count))
        return f"<{name}><rdf:Bag>{items}</rdf:Bag></{name}>"

    laughs = "<!DOCTYPE x [" + "".join(_laughs(10)) + "]>"
    return {
        "attributes": whole("", " ".join(f'foreign:a{number}="{number}"' for number in range(60_000))),
        "properties": whole("".join(f"<foreign:a{number}/>" for number in range(60_000))),
        "most properties": whole("".join(f"<foreign:a{number}>1</foreign:a{number}>" for number in range(4900))),
        "most attributes": whole("", " ".join(f'foreign:a{number}="{number}"' for number in range(4900))),
        "descriptions": whole("", more='<rdf:Description rdf:about=""/>' * 60_000),
        "keywords": whole(listed("dc:subject", 100_000)),
        "people": whole("".join(listed(name, 20_000) for name in _LISTS)),
        "one long list": whole(listed("foreign:List", 150_000)),
        "one property again and again": whole("<xmp:Rating>1</xmp:Rating>" * 60_000),
        "namespaces": whole("".join(f'<p{number}:a xmlns:p{number}="urn:{number}"/>' for number in range(4000))),
        "depth": whole("<foreign:a>" * 100_000 + "</foreign:a>" * 100_000),
        "entities in text": laughs.encode() + whole("<dc:title>&a9;</dc:title>"),
        "entities in an attribute": laughs.encode() + whole("", 'foreign:a="&a9;"'),
    }


def extended_jpeg(first: bytes, rest: bytes, chance: random.Random, *, is_sane: bool) -> bytes:
    """A JPEG whose packet has a rest in other segments; order, names, offsets and lengths of its parts may be wrong."""
    file = io.BytesIO()
    Image.new("RGB", (120, 80), (90, 120, 150)).save(file, "JPEG")
    jpeg = file.getvalue()
    name = hashlib.md5(rest, usedforsecurity=False).hexdigest().upper()
    if not is_sane and chance.random() < 0.3:
        name = chance.choice(("0" * 32, name.lower(), "x" * 32))
    first = first.replace(b"<rdf:Description ", b'<rdf:Description xmpNote:HasExtendedXMP="%s" ' % name.encode(), 1)
    step = chance.choice((40_000, 65_000, 900))
    parts = [(start, rest[start : start + step]) for start in range(0, min(len(rest), 40 * step), step)]
    if not is_sane:
        match chance.randrange(6):
            case 0:
                chance.shuffle(parts)
            case 1:
                parts = parts[:-1]
            case 2:
                parts += parts
            case 3:
                parts = [(chance.choice((0, start, 2**32 - 1)), part) for start, part in parts]
            case 4:
                parts = [(start + 1, part) for start, part in parts]
            case _:
                pass
    segments = b""
    if len(first) < 65_000:
        segments += _segment(b"http://ns.adobe.com/xap/1.0/\0" + first)
    for start, part in parts:
        total = len(rest) if is_sane or chance.random() < 0.8 else chance.choice((0, 2**32 - 1, len(rest) + 1))
        header = name.encode() + total.to_bytes(4, "big") + start.to_bytes(4, "big")
        segments += _segment(b"http://ns.adobe.com/xmp/extension/\0" + header + part)
    return jpeg[:2] + segments + jpeg[2:]


def _segment(body: bytes) -> bytes:
    return b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body
