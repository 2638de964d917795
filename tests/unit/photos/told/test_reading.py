"""What other programs said is read from all containers and the files beside photos, and put in order."""

from __future__ import annotations

import json
import re
import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curation.domain.faces.face import Box
from curation.domain.judging.picks import Pick
from curation.domain.told.file_told import NOTHING_TOLD, told_words
from curation.photos.told.blocks import read_blocks
from tests.unit.photos.told.making import bag, microsoft, mwg, packet, picture, told

ANNA = mwg(("Anna", 0.25, 0.5, 0.2, 0.3))
RATED = packet(ANNA, 'xmp:Rating="4" xmp:Label="Red" xmp:CreatorTool="Adobe Photoshop Lightroom 6.0"')
BOX = Box(18, 28, 24, 24)


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tif", "a.heic", "a.avif"])
def test_every_container_is_read(tmp_path: Path, name: str) -> None:
    found = told(picture(tmp_path / name, RATED))
    assert (found.rating, found.pick, found.label, found.people) == (4, None, "Red", ("Anna",))
    assert [(region.name, region.box) for region in found.regions] == [("Anna", BOX)]
    assert told_words(found) == "4 stars, red, Anna (Lightroom)"


def test_a_photoshop_document_is_read(tmp_path: Path) -> None:
    assert read_blocks(picture(tmp_path / "a.psd", RATED)).xmp == (RATED,)


def test_a_jpeg_with_extended_xmp_is_read(tmp_path: Path) -> None:
    rest = packet(bag("Iptc4xmpExt:PersonInImage", "Ben"))
    name = b"0123456789ABCDEF0123456789ABCDEF"
    head = packet(attributes=f'xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmpNote:HasExtendedXMP="{name.decode()}"')
    body = b"http://ns.adobe.com/xmp/extension/\0" + name + struct.pack(">II", len(rest), 0) + rest
    path = picture(tmp_path / "a.jpg", head)
    content = path.read_bytes()
    path.write_bytes(content[:2] + struct.pack(">BBH", 0xFF, 0xE1, len(body) + 2) + body + content[2:])
    assert told(path).names == ("Ben",)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_regions_turn_with_the_photo(tmp_path: Path, orientation: int) -> None:
    stored = mwg(("Anna", 0.25, 0.1, 0.1, 0.1))
    (region,) = told(picture(tmp_path / "a.jpg", packet(stored), orientation=orientation)).regions
    x, y, w, h = region.box
    middle, size = (x + w / 2, y + h / 2), ((120, 80) if orientation < 5 else (80, 120))
    wanted = {
        1: (0.25, 0.1), 2: (0.75, 0.1), 3: (0.75, 0.9), 4: (0.25, 0.9),
        5: (0.1, 0.25), 6: (0.9, 0.25), 7: (0.9, 0.75), 8: (0.1, 0.75),
    }[orientation]  # fmt: skip
    assert middle == pytest.approx((wanted[0] * size[0], wanted[1] * size[1]), abs=1)


def test_regions_of_the_upright_picture_are_taken_as_such(tmp_path: Path) -> None:
    upright = mwg(("Anna", 0.25, 0.1, 0.2, 0.1), size=(80, 120))
    (region,) = told(picture(tmp_path / "a.jpg", packet(upright), orientation=6)).regions
    assert region.box == Box(12, 6, 16, 12)


def test_regions_of_another_shape_are_not_used_but_their_names_are(tmp_path: Path) -> None:
    found = told(picture(tmp_path / "a.jpg", packet(mwg(("Anna", 0.25, 0.5, 0.2, 0.3), size=(100, 100)))))
    assert (found.regions, found.names) == ((), ("Anna",))
    assert "another shape" in found.notes[0]


def test_windows_and_other_regions_of_one_face_are_one(tmp_path: Path) -> None:
    both = ANNA + microsoft(("Anna B.", "0.15, 0.35, 0.2, 0.3"), ("Ben", "0.7, 0.3, 0.2, 0.3"))
    found = told(picture(tmp_path / "a.jpg", packet(both)))
    assert [region.name for region in found.regions] == ["Anna", "Ben"]
    assert found.regions[1].program == "Windows"


@pytest.mark.parametrize("word", ["", "Unknown", "unconfirmed", "Ignored", "_UNKNOWN_", "123", "x" * 200])
def test_what_is_no_name_is_nobody(tmp_path: Path, word: str) -> None:
    assert told(picture(tmp_path / "a.jpg", packet(mwg((word, 0.25, 0.5, 0.2, 0.3))))) == NOTHING_TOLD


@pytest.mark.parametrize("kind", ["Pet", "Focus", "BarCode"])
def test_regions_of_other_things_are_nobody(tmp_path: Path, kind: str) -> None:
    regions = mwg(("Rex", 0.25, 0.5, 0.2, 0.3), kind=kind)
    assert told(picture(tmp_path / "a.jpg", packet(regions))) == NOTHING_TOLD


@pytest.mark.parametrize(
    ("attributes", "rating", "pick", "label"),
    [
        ('xmp:Rating="-1"', None, Pick.REJECTED, ""),
        ('xmp:Rating="-1.0"', None, Pick.REJECTED, ""),
        ('xmp:Rating="3.0"', 3, None, ""),
        ('xmp:Rating="0"', None, None, ""),
        ('xmp:Rating="7"', None, None, ""),
        ('xmp:Rating="nan"', None, None, ""),
        ('xmp:Rating="" MicrosoftPhoto:Rating="75"', 4, None, ""),
        ('xmp:Rating="0" MicrosoftPhoto:Rating="75"', None, None, ""),
        ('MicrosoftPhoto:Rating="99"', 5, None, ""),
        ('MicrosoftPhoto:Rating="1"', 1, None, ""),
        ('acdsee:rating="2"', 2, None, ""),
        ('xmpDM:pick="1" xmp:Rating="-1"', None, Pick.PICKED, ""),
        ('xmpDM:pick="-1" xmp:Rating="5"', 5, Pick.REJECTED, ""),
        ('xmpDM:pick="0" digiKam:PickLabel="3"', None, Pick.PICKED, ""),
        ('digiKam:PickLabel="1"', None, Pick.REJECTED, ""),
        ('digiKam:PickLabel="2"', None, None, ""),
        ('xmpDM:good="True"', None, Pick.PICKED, ""),
        ('photomechanic:Tagged="True"', None, Pick.PICKED, ""),
        ('digiKam:ColorLabel="4"', None, None, "Green"),
        ('xmp:Label="Winner" digiKam:ColorLabel="4"', None, None, "Winner"),
    ],
)
def test_the_table_of_properties(
    tmp_path: Path, attributes: str, rating: int | None, pick: Pick | None, label: str
) -> None:
    found = told(picture(tmp_path / "a.jpg", packet(attributes=attributes)))
    assert (found.rating, found.pick, found.label) == (rating, pick, label)


@pytest.mark.parametrize(
    ("inner", "names"),
    [
        (bag("Iptc4xmpExt:PersonInImage", "Anna", " Ben "), ("Anna", "Ben")),
        (bag("digiKam:TagsList", "People/Anna", "Places/Rome", "People/Unknown"), ("Anna",)),
        (bag("lr:hierarchicalSubject", "People|Family|Anna", "Holidays|Anna's house"), ("Anna",)),
        (bag("MicrosoftPhoto:LastKeywordXMP", "People/Anna"), ("Anna",)),
        (bag("mediapro:People", "Anna"), ("Anna",)),
        (bag("dc:subject", "Anna", "dog"), ()),
        (bag("Iptc4xmpExt:PersonInImage", "Zoe\u0308", "Zo\u00eb"), ("Zo\u00eb",)),
    ],
)
def test_names_without_a_place(tmp_path: Path, inner: str, names: tuple[str, ...]) -> None:
    assert told(picture(tmp_path / "a.jpg", packet(inner))).names == names


@pytest.mark.parametrize(("tags", "stars"), [({0x4746: 3}, 3), ({0x4749: 25}, 2), ({0x4746: 0, 0x4749: 99}, None)])
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp"])
def test_ratings_of_exif(tmp_path: Path, tags: dict[int, int], stars: int | None, name: str) -> None:
    assert told(picture(tmp_path / name, exif=tags)).rating == stars


def test_xmp_wins_over_exif(tmp_path: Path) -> None:
    assert told(picture(tmp_path / "a.jpg", packet(attributes='xmp:Rating="2"'), exif={0x4746: 5})).rating == 2


@pytest.mark.parametrize(
    ("inside", "beside", "rating"),
    [
        ("", "", 5),
        ("2024-05-01T10:00:00", "2024-05-02T10:00:00", 5),
        ("2024-05-02T10:00:00", "2024-05-01T10:00:00", 1),
        ("2024-05-02T10:00:00+02:00", "2024-05-02T09:00:00Z", 5),
        ("2024-05-02", "", 5),
    ],
)
@pytest.mark.parametrize("name", ["a.xmp", "a.jpg.xmp", "A.JPG.XMP"])
def test_the_newer_of_file_and_sidecar(tmp_path: Path, inside: str, beside: str, rating: int, name: str) -> None:
    dated = 'xmp:Rating="{}" xmp:MetadataDate="{}"'
    path = picture(tmp_path / "a.jpg", packet(attributes=dated.format(1, inside)))
    (tmp_path / name).write_bytes(packet(attributes=dated.format(5, beside)))
    assert told(path).rating == rating


def test_what_the_newer_one_does_not_say_the_older_one_says(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.jpg", packet(ANNA, 'xmp:Rating="-1"'))
    (tmp_path / "a.xmp").write_bytes(packet(attributes='xmp:Label="Blue"'))
    found = told(path)
    assert (found.label, found.pick, found.people) == ("Blue", Pick.REJECTED, ("Anna",))
    (tmp_path / "a.xmp").write_bytes(packet(attributes='xmp:Rating="3"'))
    assert (told(path).rating, told(path).pick) == (3, None)


@pytest.mark.parametrize(
    ("newer", "older", "rating", "pick"),
    [
        ('xmp:Rating="3"', 'xmp:Rating="-1"', 3, None),
        ('xmp:Rating="3"', 'digiKam:PickLabel="3"', 3, Pick.PICKED),
        ('xmp:Rating="3"', 'xmpDM:pick="-1"', 3, Pick.REJECTED),
        ('xmp:Rating="-1"', 'xmp:Rating="4"', None, Pick.REJECTED),
        ('xmpDM:pick="0"', 'xmpDM:pick="1" xmp:Rating="4"', 4, None),
        ('xmpDM:pick="0"', 'xmp:Rating="-1"', None, None),
        ('xmp:Label="Red"', 'xmp:Rating="-1"', None, Pick.REJECTED),
    ],
)
def test_what_is_taken_back_by_a_newer_word(
    tmp_path: Path, newer: str, older: str, rating: int | None, pick: Pick | None
) -> None:
    path = picture(tmp_path / "a.jpg", packet(attributes=older))
    (tmp_path / "a.xmp").write_bytes(packet(attributes=newer))
    assert (told(path).rating, told(path).pick) == (rating, pick)


def test_a_star_of_picasa_stays_beside_a_flag_for_neither(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.jpg", packet(attributes='xmpDM:pick="0"'))
    (tmp_path / ".picasa.ini").write_text("[a.jpg]\nstar=yes\n")
    assert told(path).pick is Pick.PICKED
    path = picture(tmp_path / "a.jpg", packet(attributes='xmp:Rating="-1"'))
    assert told(path).pick is Pick.REJECTED


def test_a_sidecar_of_another_photo_of_that_name(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.jpg")
    picture(tmp_path / "a.tif")
    (tmp_path / "a.xmp").write_bytes(packet(attributes='xmp:Rating="3" photoshop:SidecarForExtension="TIF"'))
    assert told(path, "a.tif").rating is None
    assert told(tmp_path / "a.tif", "a.jpg").rating == 3
    # The other file is no photo of the event: the two are one.
    assert told(path).rating == 3


def test_what_was_said_of_the_raw_file_of_a_pair_was_said_of_both(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.jpg", packet(attributes='xmp:Label="Red"'))
    picture(tmp_path / "a.tif", packet(attributes='xmp:Rating="4"')).rename(tmp_path / "a.DNG")
    assert (told(path).rating, told(path).label) == (4, "Red")
    assert told(path, "a.DNG").rating is None  # two photos


ACDSEE = (
    '<r:Regions xmlns:r="http://ns.acdsee.com/regions/" xmlns:a="http://ns.acdsee.com/sType/Area#" '
    'rdf:parseType="Resource"><r:RegionList><rdf:Bag><rdf:li rdf:parseType="Resource"><r:Name>Anna</r:Name>'
    "<r:Type>Face</r:Type><r:NameAssignType>{}</r:NameAssignType><r:DLYArea rdf:parseType='Resource'><a:x>0.25</a:x>"
    "<a:y>0.5</a:y><a:w>0.2</a:w><a:h>0.3</a:h></r:DLYArea></rdf:li></rdf:Bag></r:RegionList></r:Regions>"
)
IPTC = (
    '<Iptc4xmpExt:ImageRegion><rdf:Bag><rdf:li rdf:parseType="Resource"><Iptc4xmpExt:RegionBoundary '
    'Iptc4xmpExt:rbUnit="relative" Iptc4xmpExt:rbX="0.15" Iptc4xmpExt:rbY="0.35" Iptc4xmpExt:rbW="0.2" '
    'Iptc4xmpExt:rbH="0.3"/><Iptc4xmpExt:PersonInImage><rdf:Bag><rdf:li>Anna</rdf:li></rdf:Bag>'
    "</Iptc4xmpExt:PersonInImage></rdf:li></rdf:Bag></Iptc4xmpExt:ImageRegion>"
)


@pytest.mark.parametrize("regions", [ACDSEE.format("manual"), IPTC])
def test_regions_of_acdsee_and_of_the_iptc(tmp_path: Path, regions: str) -> None:
    found = told(picture(tmp_path / "a.jpg", packet(regions)))
    assert [(region.name, region.box) for region in found.regions] == [("Anna", BOX)]


def test_what_acdsee_only_suggests_is_nobody(tmp_path: Path) -> None:
    assert told(picture(tmp_path / "a.jpg", packet(ACDSEE.format("suggestion")))).regions == ()


def test_regions_in_pixels(tmp_path: Path) -> None:
    regions = mwg(("Anna", 30, 40, 24, 24)).replace("normalized", "pixel")
    assert told(picture(tmp_path / "a.jpg", packet(regions))).regions[0].box == BOX


@pytest.mark.parametrize("area", ['stArea:w="0"', 'stArea:x="nan"', 'stArea:x="7"', 'stArea:w="-0.2"', 'stArea:y=""'])
def test_areas_that_are_none(tmp_path: Path, area: str) -> None:
    name, _, value = area.partition("=")
    regions = re.sub(rf'{name}="[^"]*"', f"{name}={value}", mwg(("Anna", 0.25, 0.5, 0.2, 0.3)))
    found = told(picture(tmp_path / "a.jpg", packet(regions)))
    assert (found.regions, found.names) == ((), ("Anna",))


@pytest.mark.parametrize(
    "broken", [b"<x", b"", b"\0" * 200, packet()[:90], b'<!DOCTYPE a [<!ENTITY b "c">]>' + packet()]
)
def test_damaged_packets_are_notes(tmp_path: Path, broken: bytes) -> None:
    path = picture(tmp_path / "a.jpg", broken or None, exif={0x4746: 3})
    (tmp_path / "a.xmp").write_bytes(broken)
    found = told(path)
    assert found.rating == 3
    assert bool(found.notes) == bool(broken.strip(b"\0") or broken)


def test_picasa(tmp_path: Path) -> None:
    path = picture(tmp_path / "IMG_1.jpg")
    # The corners 0.1, 0.2, 0.3, 0.5: the number has 15 digits, as Picasa writes no leading zeros.
    corners = "".join(f"{round(share * 65535):04x}" for share in (0.05, 0.2, 0.3, 0.5)).lstrip("0")
    ini = f"[Picasa]\nname=Party\n[Contacts2]\nab12=Anna;;\n[img_1.JPG]\nstar=yes\nfaces=rect64({corners}),ab12;"
    (tmp_path / ".picasa.ini").write_text(f"{ini}rect64(1),ffffffffffffffff\n")
    found = told(path)
    assert (found.pick, [(one.name, one.box) for one in found.regions]) == (
        Pick.PICKED,
        [("Anna", Box(6, 16, 30, 24))],
    )
    (tmp_path / ".picasa.ini").write_text(f"{ini}\nrotate=rotate(1)\n")
    turned = told(path)
    assert (turned.regions, turned.names) == ((), ("Anna",))
    assert "turned in Picasa" in turned.notes[0]


def test_names_of_older_picasa_files_stand_in_contacts_xml(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.jpg")
    (tmp_path / ".picasa.ini").write_text("[a.jpg]\nfaces=rect64(19993333666699cc),ab12\n")
    assert told(path) == NOTHING_TOLD
    (tmp_path / "contacts.xml").write_text('<contacts><contact id="ab12" name="Anna"/></contacts>')
    assert told(path).people == ("Anna",)


@pytest.mark.parametrize(
    ("photo", "beside"),
    [
        ("a.jpg", "a.jpg.json"),
        ("a.jpg", "a.jpg.supplemental-metadata.json"),
        ("a.jpg", "a.jpg.supplemental-me.json"),
        ("a(1).jpg", "a.jpg(1).json"),
    ],
)
def test_google_takeout(tmp_path: Path, photo: str, beside: str) -> None:
    path = picture(tmp_path / photo)
    data = {"title": "a.jpg", "url": "x", "people": [{"name": "Anna"}, {"name": ""}, 3], "favorited": True}
    (tmp_path / beside).write_text(json.dumps(data))
    assert (told(path).names, told(path).pick) == (("Anna",), Pick.PICKED)


def test_other_json_files_say_nothing(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.jpg")
    for content in ('{"people": [{"name": "Anna"}]}', "[1]", "{", "[" * 100_000):
        (tmp_path / "a.jpg.json").write_text(content)
        assert told(path) == NOTHING_TOLD


WHOLE = dict.fromkeys(("a.jpg", "a.png", "a.webp", "a.tif", "a.heic"), b"")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("whole")
    return {name: picture(folder / name, RATED).read_bytes() for name in WHOLE}


@given(name=st.sampled_from(sorted(WHOLE)), place=st.floats(0, 1), byte=st.integers(0, 255), cut=st.booleans())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_damage_is_an_error(
    tmp_path: Path, whole: dict[str, bytes], name: str, place: float, byte: int, cut: bool
) -> None:
    content = bytearray(whole[name])
    at = min(int(place * len(content)), len(content) - 1)
    if cut:
        del content[at:]
    else:
        content[at] = byte
    path = tmp_path / name
    path.write_bytes(content)
    told(path)
