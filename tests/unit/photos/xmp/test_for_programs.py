"""What is written for single programs, as exiftool reads it back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from curation.domain.choosing.export import REJECTED, PhotoDescription
from curation.domain.choosing.programs import Program
from curation.domain.faces.regions import Area, FaceRegion, StoredPicture
from curation.domain.judging.picks import Pick
from curation.photos.xmp.description import described_sidecar
from tests.xmp_files import DARKTABLE, DIGIKAM, LIGHTROOM, read_back

ANNA = FaceRegion("Anna", Area(0.5, 0.4, 0.2, 0.3))


def written(program: str | None, folder: Path, existing: str | None = None, **said: Any) -> dict[str, Any]:
    fields = {"rating": 4, "label": "Green", "names": ("Anna",), "pick": Pick.PICKED, **said}
    description = PhotoDescription(
        **fields,
        picture=StoredPicture(300, 200),
        regions=(ANNA,),
        program=None if program is None else Program(program),
    )
    content, _ = described_sidecar(None if existing is None else existing.encode(), description)
    again, _ = described_sidecar(content, description)
    assert again == content
    path = folder / "a.xmp"
    path.write_bytes(content)
    return read_back(path)


MICROSOFT = {"XMP-MP:RegionInfoMP"}
USUAL = {"XMP-xmp:Rating", "XMP-xmp:Label", "XMP-dc:Subject", "XMP-iptcExt:PersonInImage", "XMP-mwg-rs:RegionInfo"}


@pytest.mark.parametrize(
    ("program", "more"),
    [
        (None, {}),
        ("lightroom", {"XMP-xmpDM:Pick": 1, "XMP-lr:HierarchicalSubject": ["People|Anna"]}),
        (
            "digikam",
            {"XMP-digiKam:PickLabel": 3, "XMP-digiKam:ColorLabel": 4, "XMP-digiKam:TagsList": ["People/Anna"]},
        ),
        ("darktable", {"XMP-lr:HierarchicalSubject": ["People|Anna"]}),
        ("immich", {"XMP-digiKam:TagsList": ["People/Anna"]}),
        (
            "windows",
            {
                "XMP-microsoft:RatingPercent": 75,
                "XMP-microsoft:LastKeywordXMP": ["Anna"],
                "XMP-MP:RegionInfoMP": {
                    "Regions": [{"PersonDisplayName": "Anna", "Rectangle": "0.400000, 0.250000, 0.200000, 0.300000"}]
                },
            },
        ),
    ],
)
def test_what_all_programs_read_and_what_one_reads(program: str | None, more: dict[str, Any], tmp_path: Path) -> None:
    found = written(program, tmp_path)
    assert found.keys() >= USUAL
    assert {key: value for key, value in found.items() if key not in USUAL | {"XMP-tiff:Orientation"}} == more


@pytest.mark.parametrize(
    ("program", "key", "value"), [("lightroom", "XMP-xmpDM:Pick", -1), ("digikam", "XMP-digiKam:PickLabel", 1)]
)
def test_rejected(program: str, key: str, value: int, tmp_path: Path) -> None:
    found = written(program, tmp_path, rating=REJECTED, label=None, pick=Pick.REJECTED)
    assert found["XMP-xmp:Rating"] == -1 and found[key] == value and "XMP-xmp:Label" not in found


def test_a_new_list_of_tags_does_not_hide_the_keywords_that_are_there(tmp_path: Path) -> None:
    flat = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
    <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:subject><rdf:Bag>
    <rdf:li>Garden</rdf:li></rdf:Bag></dc:subject></rdf:Description></rdf:RDF></x:xmpmeta>"""
    assert written("darktable", tmp_path, flat)["XMP-lr:HierarchicalSubject"] == ["Garden", "People|Anna"]
    assert written("immich", tmp_path, flat)["XMP-digiKam:TagsList"] == ["Garden", "People/Anna"]


@pytest.mark.parametrize("program", [each.value for each in Program])
@pytest.mark.parametrize("existing", [DARKTABLE, DIGIKAM, LIGHTROOM])
def test_what_other_programs_wrote_stays(program: str, existing: str, tmp_path: Path) -> None:
    path = tmp_path / "before.xmp"
    path.write_text(existing, encoding="utf-8")
    before, after = read_back(path), written(program, tmp_path, existing)
    changed = {key for key in before if before[key] != after.get(key)}
    ours = {"XMP-xmp:Rating", "XMP-dc:Subject", "XMP-iptcExt:PersonInImage", "XMP-mwg-rs:RegionInfo"}
    assert changed <= ours | {"XMP-lr:HierarchicalSubject", "XMP-digiKam:TagsList", "XMP-digiKam:PickLabel"} | MICROSOFT
    for region in before.get("XMP-MP:RegionInfoMP", {}).get("Regions", ()):
        assert region in after["XMP-MP:RegionInfoMP"]["Regions"]
    for key in changed - {"XMP-xmp:Rating", "XMP-mwg-rs:RegionInfo", "XMP-digiKam:PickLabel"} - MICROSOFT:
        assert set(before[key]) <= set(after[key])


def test_colours_of_darktable_are_not_hidden_by_a_label(tmp_path: Path) -> None:
    coloured = DARKTABLE
    found = written("darktable", tmp_path, coloured)
    has_colours = "XMP-darktable:Colorlabels" in found
    assert ("XMP-xmp:Label" in found) is not has_colours
