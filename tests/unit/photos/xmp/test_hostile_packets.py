"""Packets that cost much, and values with qualifiers beside them."""

from __future__ import annotations

import pytest

from curation.errors import PhotoUnreadableError
from curation.photos.xmp.jpeg_segments import MAX_XMP_BYTES, rest_name
from curation.photos.xmp.names import RDF, XMP, qualified
from curation.photos.xmp.packet import XmpPacket
from tests.hostile.xmp import bombs
from tests.soak.metadata import bomb_trouble

BOMBS = bombs()
RATING = qualified(XMP, "Rating")
FOREIGN = "{urn:example:foreign/}q"


def packet(inner: str) -> bytes:
    spaces = f'xmlns:rdf="{RDF}" xmlns:xmp="{XMP}" xmlns:f="urn:example:foreign/"'
    return f'<rdf:RDF {spaces}><rdf:Description rdf:about="">{inner}</rdf:Description></rdf:RDF>'.encode()


@pytest.mark.parametrize("name", ["attributes", "properties", "descriptions", "one property again and again", "depth"])
def test_more_than_any_program_writes_is_refused(name: str) -> None:
    with pytest.raises(PhotoUnreadableError, match=r"properties|depth"):
        XmpPacket.parse(BOMBS[name])


@pytest.mark.parametrize("name", ["entities in text", "entities in an attribute"])
def test_entities_do_not_multiply(name: str) -> None:
    with pytest.raises(PhotoUnreadableError, match="damaged"):
        XmpPacket.parse(BOMBS[name])


def test_the_most_properties_that_are_read_take_no_time_that_anybody_notices() -> None:
    assert not bomb_trouble(BOMBS["most properties"])


def test_a_long_packet_is_parted_in_two_that_together_say_all_of_it() -> None:
    values = {f"{{urn:example:foreign/}}a{number}": "x" * (number % 700) for number in range(900)}
    inner = "".join(
        f"<f:{name.rpartition('}')[2]}>{value}</f:{name.rpartition('}')[2]}>" for name, value in values.items()
    )
    first, rest = XmpPacket.parse(packet(inner)).split(MAX_XMP_BYTES, rest_name)
    assert rest is not None
    assert MAX_XMP_BYTES - 800 < len(first) <= MAX_XMP_BYTES  # no more is moved than must be
    assert XmpPacket.parse(first).rest_name == rest_name(rest)
    joined = XmpPacket.parse(first, rest)
    assert {name: joined.text(name) for name in values} == values


def test_a_property_that_is_there_twice_is_not_parted_from_itself() -> None:
    twice = f"<f:a>one {'x' * 40_000}</f:a><f:b>{'y' * 30_000}</f:b><f:a>two {'x' * 20_000}</f:a>"
    first, rest = XmpPacket.parse(packet(twice)).split(MAX_XMP_BYTES, rest_name)
    assert rest is not None
    joined = XmpPacket.parse(first, rest).to_packet()
    assert b"one xxx" in joined and b"two xxx" in joined and b"yyy" in joined


@pytest.mark.parametrize(
    "told",
    [
        '<xmp:Rating rdf:parseType="Resource"><rdf:value>3</rdf:value><f:q>kept</f:q></xmp:Rating>',
        "<xmp:Rating><rdf:Description><rdf:value>3</rdf:value><f:q>kept</f:q></rdf:Description></xmp:Rating>",
        '<xmp:Rating rdf:value="3" f:q="kept"/>',
        '<xmp:Rating><rdf:Description rdf:value="3"><f:q>kept</f:q></rdf:Description></xmp:Rating>',
    ],
)
def test_a_value_is_set_and_what_stands_beside_it_stays(told: str) -> None:
    own = XmpPacket.parse(packet(told))
    assert own.text(RATING) == "3"
    own.set_text(RATING, "5")
    again = XmpPacket.parse(own.to_packet())
    element = again.element(RATING)
    assert again.text(RATING) == "5"
    assert element is not None
    qualifiers = [each.text for each in element.iter(FOREIGN)] + [each.get(FOREIGN) for each in element.iter()]
    assert "kept" in qualifiers
