"""One fact in several places of a packet: after writing, none contradicts what the user said."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest

from curation.domain.choosing.export import REJECTED, PhotoDescription
from curation.domain.choosing.programs import Program
from curation.domain.faces.regions import Area, FaceRegion, StoredPicture
from curation.domain.judging.picks import Pick
from curation.photos.xmp.agreeing import PERCENT_OF_STARS, stars_of_percent
from curation.photos.xmp.description import NOTHING_TOLD, Told, describe
from curation.photos.xmp.packet import XmpPacket
from curation.photos.xmp.properties import PLACES, UNCHANGED_PLACES, Fact, Holder, places_of
from tests.unit.photos.embedding.made_files import packet_text
from tests.xmp_files import DIGIKAM, LIGHTROOM

NFC = "Zoë"
NFD = unicodedata.normalize("NFD", NFC)
KEY = {place.title: str(place.key) for place in (*PLACES, *UNCHANGED_PLACES)}


def said(properties: str, *, told: Told = NOTHING_TOLD, **fields: Any) -> tuple[XmpPacket, tuple[str, ...]]:
    packet = XmpPacket.parse(packet_text(properties).encode())
    description = PhotoDescription(**fields)
    notes = describe(packet, description, told)
    again = XmpPacket.parse(packet.to_packet())
    assert describe(again, description, told) == notes and again.to_packet() == packet.to_packet()
    return packet, notes


def bag(name: str, *items: str, kind: str = "Bag") -> str:
    return f"<{name}><rdf:{kind}>{''.join(f'<rdf:li>{item}</rdf:li>' for item in items)}</rdf:{kind}></{name}>"


class TestTable:
    def test_every_fact_has_one_primary_place_which_comes_first(self) -> None:
        for fact in Fact:
            places = [place for place in PLACES if place.fact is fact]
            assert [place.is_primary for place in places] == [True, *[False] * (len(places) - 1)]
            assert all(place.readers for place in places)

    def test_the_blocks_are_told_apart(self) -> None:
        assert {place.holder for place in PLACES} == set(Holder)
        assert [place.key for place in places_of(Fact.STARS, Holder.EXIF)] == [0x4746, 0x4749]

    def test_percent(self) -> None:
        assert [stars_of_percent(PERCENT_OF_STARS[stars]) for stars in range(6)] == list(range(6))
        assert [stars_of_percent(value) for value in (12, 40, 63, 100)] == [1, 3, 4, 5]


class TestStars:
    @pytest.mark.parametrize(
        "rejected",
        [
            "<xmp:Rating>-1</xmp:Rating>",
            "<xmp:Rating> -1.0 </xmp:Rating>",
            "<xmp:Rating rdf:parseType='Resource'><rdf:value>-1</rdf:value></xmp:Rating>",
        ],
    )
    def test_a_picked_photo_is_not_rejected_any_more(self, rejected: str) -> None:
        packet, _ = said(rejected, label="Green", pick=Pick.PICKED)
        assert packet.text(KEY["xmp:Rating"]) == "0"

    def test_also_as_an_attribute(self) -> None:
        packet = XmpPacket.parse(packet_text("").replace('rdf:about=""', 'rdf:about="" xmp:Rating="-1"').encode())
        describe(packet, PhotoDescription(pick=Pick.PICKED, label="Green"))
        assert packet.text(KEY["xmp:Rating"]) == "0"

    def test_the_stars_that_the_file_says_elsewhere_come_back(self) -> None:
        rejected = "<xmp:Rating>-1</xmp:Rating>"
        four = "<MicrosoftPhoto:Rating>75</MicrosoftPhoto:Rating>"
        assert said(rejected + four, pick=Pick.PICKED)[0].text(KEY["xmp:Rating"]) == "4"
        assert said(rejected, told=Told(3), pick=Pick.PICKED)[0].text(KEY["xmp:Rating"]) == "3"

    @pytest.mark.parametrize("fields", [{}, {"names": ("Anna",)}])
    def test_without_a_word_of_the_user_the_file_keeps_its_own(self, fields: dict[str, Any]) -> None:
        packet, _ = said("<xmp:Rating>-1</xmp:Rating><digiKam:PickLabel>1</digiKam:PickLabel>", **fields)
        assert (packet.text(KEY["xmp:Rating"]), packet.text(KEY["digiKam:PickLabel"])) == ("-1", "1")

    def test_a_picked_photo_keeps_its_stars(self) -> None:
        packet, _ = said("<xmp:Rating>3</xmp:Rating>", pick=Pick.PICKED, label="Green")
        assert packet.text(KEY["xmp:Rating"]) == "3"

    @pytest.mark.parametrize(
        ("rating", "pick", "expected"),
        [
            (5, None, ("5", "99", "5", "0:1:5:7", "-1", "1", "False")),
            (1, Pick.PICKED, ("1", "1", "1", "1:1:1:7", "1", "3", "True")),
            (None, Pick.PICKED, ("0", "25", "2", "1:1:2:7", "1", "3", "True")),
            (REJECTED, Pick.REJECTED, ("-1", "0", "0", "0:1:0:7", "-1", "1", "False")),
        ],
    )
    def test_every_place_agrees(self, rating: int | None, pick: Pick | None, expected: tuple[str, ...]) -> None:
        places = (
            "xmp:Rating",
            "MicrosoftPhoto:Rating",
            "acdsee:rating",
            "photomechanic:Prefs",
            "xmpDM:pick",
            "digiKam:PickLabel",
            "xmpDM:good",
        )
        values = ("-1", "25", "2", "0:1:2:7", "-1", "1", "False")
        written = "".join(f"<{place}>{value}</{place}>" for place, value in zip(places, values, strict=True))
        if pick is Pick.PICKED and rating is None:
            expected = ("2", *expected[1:])  # which the file says elsewhere
        packet, notes = said(written, rating=rating, pick=pick)
        assert tuple(packet.text(KEY[place]) for place in places) == expected
        assert len(notes) == (2 if pick is None else 0)  # two places still say rejected, and nobody spoke of that
        assert all("still says rejected" in note for note in notes)

    def test_no_place_is_new_without_a_program(self) -> None:
        packet, _ = said("", rating=4, pick=Pick.PICKED, names=("Anna",), label="Green")
        primary = {place.title for place in PLACES if place.is_primary and place.fact is not Fact.REGIONS}
        assert {title for title, key in KEY.items() if packet.has(key)} == primary

    def test_colours_of_digikam(self) -> None:
        green, notes = said("<digiKam:ColorLabel>0</digiKam:ColorLabel>", pick=Pick.PICKED, label="Green")
        assert green.text(KEY["digiKam:ColorLabel"]) == "4" and not notes
        red, notes = said("<digiKam:ColorLabel>1</digiKam:ColorLabel>", pick=Pick.PICKED, label="Green")
        assert red.text(KEY["digiKam:ColorLabel"]) == "1" and "digiKam does not show Green" in notes[0]


class TestNames:
    def test_every_list_that_is_there_gets_them_in_its_form(self) -> None:
        packet, notes = said(
            bag("dc:subject", "Wedding")
            + bag("digiKam:TagsList", "Events/Wedding", kind="Seq")
            + bag("lr:hierarchicalSubject", "Events|Wedding")
            + bag("lr:weightedFlatSubject", "Wedding")
            + bag("MicrosoftPhoto:LastKeywordXMP", "Events/Wedding")
            + bag("mediapro:CatalogSets", "Events|Wedding")
            + bag("mediapro:People", "Ben"),
            names=("Anna", "A/B|C"),
        )
        assert packet.values(KEY["dc:subject"]) == ("Wedding", "Anna", "A/B|C")
        assert packet.values(KEY["digiKam:TagsList"]) == ("Events/Wedding", "People/Anna", "People/A B|C")
        assert packet.values(KEY["lr:hierarchicalSubject"]) == ("Events|Wedding", "People|Anna", "People|A/B C")
        assert packet.values(KEY["lr:weightedFlatSubject"]) == ("Wedding", "Anna", "A/B|C")
        assert packet.values(KEY["MicrosoftPhoto:LastKeywordXMP"])[1:] == ("People/Anna", "People/A B|C")
        assert packet.values(KEY["mediapro:CatalogSets"])[1] == "People|Anna"
        assert packet.values(KEY["mediapro:People"]) == ("Ben", "Anna", "A/B|C")
        assert notes == ()

    @pytest.mark.parametrize("ours", [NFC, NFD])
    @pytest.mark.parametrize("theirs", [NFC, NFD, f" {NFC} ", f"\n{NFD}\n"])
    def test_one_name_in_two_forms_of_unicode_comes_once(self, ours: str, theirs: str) -> None:
        packet, notes = said(
            bag("dc:subject", theirs)
            + bag("Iptc4xmpExt:PersonInImage", theirs)
            + bag("digiKam:TagsList", f"Gäste/{theirs}", kind="Seq")
            + bag("lr:hierarchicalSubject", f"Friends|{theirs}"),
            names=(ours,),
        )
        for title in ("dc:subject", "Iptc4xmpExt:PersonInImage", "digiKam:TagsList", "lr:hierarchicalSubject"):
            (value,) = packet.values(KEY[title])
            assert value.endswith(theirs.strip())  # as the file spells it
        assert notes == ()

    def test_two_words_with_two_spaces_are_one_name_and_another_case_is_another_keyword(self) -> None:
        packet, _ = said(bag("dc:subject", "Anna  Maria", "zoe"), names=("Anna Maria", "Zoe"))
        assert packet.values(KEY["dc:subject"]) == ("Anna  Maria", "zoe", "Zoe")

    @pytest.mark.parametrize(
        ("properties", "told", "first"),
        [
            (bag("lr:hierarchicalSubject", "Events|Wedding"), NOTHING_TOLD, "Wedding"),
            (bag("digiKam:TagsList", "Events/Wedding"), NOTHING_TOLD, "Wedding"),
            ("", Told(keywords=("Wedding",)), "Wedding"),
        ],
    )
    def test_a_new_list_does_not_hide_keywords_of_others(self, properties: str, told: Told, first: str) -> None:
        packet, _ = said(properties, told=told, names=("Anna",))
        assert packet.values(KEY["dc:subject"]) == (first, "Anna")
        assert not said(properties, told=told, rating=3)[0].has(KEY["dc:subject"])

    @pytest.mark.parametrize("program", [Program.LIGHTROOM, Program.DARKTABLE, Program.DIGIKAM, Program.IMMICH])
    def test_nor_does_a_new_list_of_a_program(self, program: Program) -> None:
        bars = bag("lr:hierarchicalSubject", "Events|Wedding")
        slashes = bag("digiKam:TagsList", "Events/Wedding", kind="Seq")
        is_barred = program in (Program.LIGHTROOM, Program.DARKTABLE)
        title, other = ("lr:hierarchicalSubject", slashes) if is_barred else ("digiKam:TagsList", bars)
        packet, _ = said(other, names=("Anna",), program=program)
        assert packet.values(KEY[title])[0] == ("Events|Wedding" if is_barred else "Events/Wedding")
        packet, _ = said("", told=Told(keywords=("Garden",)), names=("Anna",), program=program)
        assert packet.values(KEY[title])[0] == "Garden"

    def test_an_empty_list_does_not_hide_them_either(self) -> None:
        packet, _ = said(bag("dc:subject", "Wedding") + bag("digiKam:TagsList", kind="Seq"), names=("Anna",))
        assert packet.values(KEY["digiKam:TagsList"]) == ("Wedding", "People/Anna")

    def test_what_is_not_changed_is_said(self) -> None:
        _, notes = said("<acdsee:categories>x</acdsee:categories>", names=("Anna",))
        assert notes == ("its acdsee:categories was not changed: ACDSee may not show the names",)


class TestRegions:
    def test_people_tags_of_windows_get_the_faces_too(self) -> None:
        packet = XmpPacket.parse(DIGIKAM.encode())
        faces = (FaceRegion("Max", Area(0.1, 0.1, 0.05, 0.05)),)
        describe(packet, PhotoDescription(names=("Max",), picture=StoredPicture(4000, 3000), regions=faces))
        assert packet.to_packet().decode().count("PersonDisplayName") >= 2

    def test_a_face_whose_name_has_another_form_is_not_named_differently(self) -> None:
        packet = XmpPacket.parse(LIGHTROOM.replace("Anna B.", NFD).encode())
        faces = (FaceRegion(NFC, Area(0.25, 0.3, 0.1, 0.2)),)
        notes = describe(packet, PhotoDescription(names=(NFC,), picture=StoredPicture(4000, 3000), regions=faces))
        assert notes == ()


@pytest.mark.parametrize("program", [None, *Program])
def test_a_namespace_keeps_the_prefix_that_it_has(program: Program | None) -> None:
    old = packet_text("<xmp:CreateDate>2009</xmp:CreateDate>").replace("xmp:", "xap:").replace(":xmp=", ":xap=")
    packet = XmpPacket.parse(old.encode())
    describe(packet, PhotoDescription(4, "Green", ("Anna",), pick=Pick.PICKED, program=program))
    text = packet.to_packet().decode()
    assert "<xap:Rating>4</xap:Rating>" in text and "xmlns:xmp=" not in text


@pytest.mark.parametrize("mark", ['"', "'"])
def test_microsofts_namespace_without_a_slash_is_the_same_one(mark: str) -> None:
    text = packet_text(
        "<MicrosoftPhoto:Rating>25</MicrosoftPhoto:Rating>" + bag("MicrosoftPhoto:LastKeywordXMP", "old")
    )
    spelled = text.replace('"http://ns.microsoft.com/photo/1.0/"', f"{mark}http://ns.microsoft.com/photo/1.0{mark}")
    assert spelled != text
    packet = XmpPacket.parse(spelled.encode())
    describe(packet, PhotoDescription(rating=5, names=("Anna",)), NOTHING_TOLD)
    assert packet.text(KEY["MicrosoftPhoto:Rating"]) == "99"
    assert packet.values(KEY["MicrosoftPhoto:LastKeywordXMP"]) == ("old", "Anna")
    assert packet.to_packet().count(b"ns.microsoft.com/photo/1.0") == 1


def test_a_name_with_a_slash_comes_once() -> None:
    packet, _ = said(bag("MicrosoftPhoto:LastKeywordXMP", "old"), names=("Ann/Bo",), program=Program.WINDOWS)
    assert packet.values(KEY["MicrosoftPhoto:LastKeywordXMP"]) == ("old", "Ann/Bo")
