"""Descriptions merged into packets: new ones, and those of other programs, of which nothing may be lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from curation.domain.choosing.export import REJECTED, PhotoDescription
from curation.domain.faces.regions import Area, FaceRegion, StoredPicture
from curation.errors import PhotoUnreadableError
from curation.photos.xmp.description import describe, described_sidecar
from curation.photos.xmp.packet import XmpPacket
from tests.xmp_files import DARKTABLE, DIGIKAM, LIGHTROOM, read_back

PICTURE = StoredPicture(4000, 3000, 6)
ANNA = FaceRegion("Anna", Area(0.25, 0.3, 0.11, 0.21))
ZOE = FaceRegion("Zoë", Area(0.75, 0.3, 0.11, 0.21))
KNOWN = PhotoDescription(5, "Green", ("Anna", "Zoë"), PICTURE, (ANNA, ZOE))


def everything_in(content: bytes) -> list[str]:
    """Each text and attribute of a packet, wherever it is."""
    found = []
    for element in etree.fromstring(content).iter(tag=etree.Element):
        found += [str(element.text).strip(), *(f"{name!s}={value!s}" for name, value in element.attrib.items())]
    return sorted(text for text in found if text)


def merged(existing: str, description: PhotoDescription) -> tuple[bytes, tuple[str, ...]]:
    return described_sidecar(existing.encode(), description)


def regions_of(found: dict[str, Any]) -> dict[str, dict[str, float]]:
    return {region.get("Name", ""): region["Area"] for region in found["XMP-mwg-rs:RegionInfo"]["RegionList"]}


class TestNew:
    def test_exiftool_reads_everything_back(self, tmp_path: Path) -> None:
        path = tmp_path / "a.xmp"
        path.write_bytes(described_sidecar(None, KNOWN)[0])
        assert read_back(path) == {
            "XMP-xmp:Rating": 5,
            "XMP-xmp:Label": "Green",
            "XMP-dc:Subject": ["Anna", "Zoë"],
            "XMP-iptcExt:PersonInImage": ["Anna", "Zoë"],
            "XMP-tiff:Orientation": 6,
            "XMP-mwg-rs:RegionInfo": {
                "AppliedToDimensions": {"W": 4000, "H": 3000, "Unit": "pixel"},
                "RegionList": [
                    {
                        "Area": {"X": 0.25, "Y": 0.3, "W": 0.11, "H": 0.21, "Unit": "normalized"},
                        "Name": "Anna",
                        "Type": "Face",
                    },
                    {
                        "Area": {"X": 0.75, "Y": 0.3, "W": 0.11, "H": 0.21, "Unit": "normalized"},
                        "Name": "Zoë",
                        "Type": "Face",
                    },
                ],
            },
        }

    @pytest.mark.parametrize(
        "name", ["日本 太郎", '<Jo> & "Ann"', "Ærøskøbing", "عمر", "👩‍👩‍👧", "a" * 80, "-1", "=SUM(1)", "]]>"]
    )
    def test_names_with_any_letters(self, name: str, tmp_path: Path) -> None:
        path = tmp_path / "a.xmp"
        description = PhotoDescription(names=(name,), picture=PICTURE, regions=(FaceRegion(name, ANNA.area),))
        path.write_bytes(described_sidecar(None, description)[0])
        # Numbers would come as such.
        found = read_back(path)
        assert str(found["XMP-dc:Subject"][0]) == name
        assert [str(key) for key in regions_of(found)] == [name]

    def test_what_no_xml_file_can_hold_is_replaced(self) -> None:
        content, _ = described_sidecar(None, PhotoDescription(names=("a\ufffeb\x0bc",)))
        assert "a\ufffdb\ufffdc" in content.decode()

    def test_a_rejected_photo(self, tmp_path: Path) -> None:
        path = tmp_path / "a.xmp"
        path.write_bytes(described_sidecar(None, PhotoDescription(rating=REJECTED))[0])
        assert read_back(path) == {"XMP-xmp:Rating": -1}

    def test_prefixes_are_those_that_everybody_uses(self) -> None:
        text = described_sidecar(None, KNOWN)[0].decode()
        for prefix in (
            "xmp:Rating",
            "dc:subject",
            "Iptc4xmpExt:PersonInImage",
            "mwg-rs:Regions",
            "stArea:x",
            "stDim:w",
        ):
            assert prefix in text
        assert "ns0" not in text


class TestMerging:
    @pytest.mark.parametrize("existing", [LIGHTROOM, DIGIKAM, DARKTABLE], ids=["lightroom", "digikam", "darktable"])
    def test_nothing_of_others_is_lost_but_the_rating(self, existing: str) -> None:
        before = everything_in(_plain(existing))
        after = everything_in(_plain(merged(existing, KNOWN)[0].decode()))
        for text in before:
            if "Rating" in text or "microsoft.com/photo/1.0" in text:
                continue  # an attribute; the user's own rating wins
            if text == "4" and existing is DIGIKAM:
                continue  # the same as an element
            assert after.count(text) >= before.count(text), text

    @pytest.mark.parametrize("existing", [LIGHTROOM, DIGIKAM, DARKTABLE], ids=["lightroom", "digikam", "darktable"])
    def test_a_second_time_changes_nothing(self, existing: str) -> None:
        once, notes = merged(existing, KNOWN)
        assert described_sidecar(once, KNOWN) == (once, notes)

    def test_a_sidecar_that_says_it_all_keeps_its_bytes(self) -> None:
        description = PhotoDescription(rating=2, label="Blue", names=("Anna",))
        existing = LIGHTROOM.replace("<rdf:li>Garden</rdf:li>", "").replace("Places|Garden", "Friends|Anna")
        persons = (
            '<i:PersonInImage xmlns:i="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"><rdf:Bag><rdf:li>Anna</rdf:li>'
        )
        existing = existing.replace("<xmpMM:History>", f"{persons}</rdf:Bag></i:PersonInImage><xmpMM:History>")
        assert merged(existing, description)[0] == existing.encode()

    def test_lightroom(self, tmp_path: Path) -> None:
        content, notes = merged(LIGHTROOM, KNOWN)
        path = tmp_path / "a.xmp"
        path.write_bytes(content)
        found = read_back(path)
        assert found["XMP-xmp:Rating"] == 5
        assert found["XMP-xmp:Label"] == "Red"
        assert found["XMP-tiff:Orientation"] == 1
        assert found["XMP-dc:Subject"] == ["Garden", "Anna", "Zoë"]
        assert found["XMP-lr:HierarchicalSubject"] == ["Places|Garden", "People|Anna", "People|Zoë"]
        assert found["XMP-crs:Exposure2012"] == "+0.35"
        assert found["XMP-xmpMM:History"][0]["Action"] == "saved"
        assert set(regions_of(found)) == {"Anna B.", "Zoë"}  # the nameless face got a name, the named one keeps its own
        assert notes == ("a face is named differently in its face regions; those names were not changed",)

    def test_digikam(self, tmp_path: Path) -> None:
        content, notes = merged(
            DIGIKAM,
            PhotoDescription(
                3,
                "Green",
                ("Zoe", "Max"),
                PICTURE,
                (FaceRegion("Zoe", ZOE.area), FaceRegion("Max", Area(0.1, 0.1, 0.05, 0.05))),
            ),
        )
        path = tmp_path / "a.jpg.xmp"
        path.write_bytes(content)
        found = read_back(path)
        assert notes == ()
        assert found["XMP-xmp:Rating"] == 3
        assert found["XMP-digiKam:PickLabel"] == 3
        assert found["XMP-digiKam:TagsList"] == ["People/Zoe", "People/Max"]
        assert found["XMP-microsoft:RatingPercent"] == 50
        assert found["XMP-MP:RegionInfoMP"]["Regions"][0]["PersonDisplayName"] == "Zoe"
        # One name, boxes of two programs: one face. The dimensions that were missing are there now.
        assert list(regions_of(found)) == ["Zoe", "Max"]
        assert found["XMP-mwg-rs:RegionInfo"]["AppliedToDimensions"]["W"] == 4000

    def test_darktable(self, tmp_path: Path) -> None:
        content, _ = merged(DARKTABLE, PhotoDescription(names=("Anna",)))
        path = tmp_path / "IMG_0132.NEF.xmp"
        path.write_bytes(content)
        found = read_back(path)
        assert found["XMP-xmp:Rating"] == -1  # nobody rated it here
        assert found["XMP-dc:Subject"] == ["darktable", "format", "Anna"]
        assert found["XMP-darktable:History"][0]["Operation"] == "exposure"

    def test_regions_of_another_picture_stay_alone(self) -> None:
        existing = LIGHTROOM.replace('stDim:h="3000"', 'stDim:h="4000"')
        content, notes = merged(existing, KNOWN)
        assert "Zoë" in content.decode()  # as a keyword
        assert content.decode().count("<mwg-rs:Area") == 2 and 'mwg-rs:Name="Zoë"' not in content.decode()
        assert notes == (
            "its face regions belong to a picture of another shape (4000 x 4000); they are unchanged, none was added",
        )

    def test_one_region_is_not_two_people(self) -> None:
        twins = (FaceRegion("Ida", ZOE.area), FaceRegion("Ada", ZOE.area))
        content, _ = merged(LIGHTROOM, PhotoDescription(names=("Ida", "Ada"), picture=PICTURE, regions=twins))
        assert content.decode().count("Ida") == 4 and content.decode().count("Ada") == 4

    def test_a_list_written_as_a_text_becomes_a_list(self) -> None:
        existing = DARKTABLE.replace('xmp:Rating="-1"', 'xmp:Rating="1" dc:subject="alone"')
        existing = existing.replace("<dc:subject>", "<dc:title>").replace("</dc:subject>", "</dc:title>")
        packet = XmpPacket.parse(existing.encode())
        describe(packet, PhotoDescription(names=("Anna",)))
        text = packet.to_file().decode()
        assert 'dc:subject="alone"' not in text
        assert "<rdf:li>alone</rdf:li><rdf:li>Anna</rdf:li>" in text

    def test_a_property_that_stands_twice_stands_once_with_the_new_value(self) -> None:
        existing = DIGIKAM.replace('digiKam:PickLabel="3"', 'digiKam:PickLabel="3" xmp:Rating="1"')
        text = merged(existing, PhotoDescription(rating=2))[0].decode()
        assert 'xmp:Rating="2"' in text and "<xmp:Rating>" not in text

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
    def test_other_encodings(self, encoding: str) -> None:
        existing = DARKTABLE.replace('<?xml version="1.0" encoding="UTF-8"?>\n', "").encode(encoding)
        content, _ = described_sidecar(existing, PhotoDescription(names=("Zoë",)))
        assert "Zoë" in content.decode("utf-8") and "exposure" in content.decode("utf-8")

    def test_a_packet_without_the_frame_around_it(self) -> None:
        start, end = DARKTABLE.index("<rdf:RDF"), DARKTABLE.index("</x:xmpmeta>")
        content, _ = merged(DARKTABLE[start:end], PhotoDescription(rating=1))
        assert b'xmp:Rating="1"' in content and b"exposure" in content


class TestRefusing:
    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"not XML",
            DARKTABLE[:900].encode(),
            b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>",
            b"<!DOCTYPE r [<!ENTITY a 'b'>]>" + DARKTABLE.split("?>", 1)[1].encode(),
        ],
        ids=["empty", "text", "cut off", "no RDF", "document type"],
    )
    def test_damaged_packets(self, content: bytes) -> None:
        with pytest.raises(PhotoUnreadableError, match="XMP packet"):
            XmpPacket.parse(content)

    def test_no_file_is_read_through_an_entity(self, tmp_path: Path) -> None:
        secret = tmp_path / "secret"
        secret.write_text("hidden", encoding="utf-8")
        body = DARKTABLE.split("?>", 1)[1].replace("<rdf:li>darktable</rdf:li>", "<rdf:li>&a;</rdf:li>")
        with pytest.raises(PhotoUnreadableError):
            XmpPacket.parse(f'<!DOCTYPE r [<!ENTITY a SYSTEM "{secret.as_uri()}">]>{body}'.encode())


def _plain(packet: str) -> bytes:
    """The packet without the instructions around it, which are no part of the tree."""
    start, end = packet.index("<x:xmpmeta"), packet.index("</x:xmpmeta>")
    return packet[start:end].encode() + b"</x:xmpmeta>"
