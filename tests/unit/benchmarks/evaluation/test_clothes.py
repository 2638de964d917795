from __future__ import annotations

from benchmarks.evaluation.clothes import Case, colours, masks, searches
from curation.domain.outfits.outfit import ColourName, Garment, GarmentColour, GarmentPart, Outfit
from ground_truth.clothed_photos import GarmentLabels

RED, BLACK, BLUE = ColourName.RED, ColourName.BLACK, ColourName.BLUE


def _outfit(top: ColourName, bottom: ColourName | None) -> Outfit:
    def garment(part: GarmentPart, name: ColourName | None) -> Garment:
        colours = (GarmentColour(name, 1.0, (0, 0, 0)),) if name is not None else ()
        return Garment(part, colours, 0.9, 100)

    return Outfit(garment(GarmentPart.TOP, top), garment(GarmentPart.BOTTOM, bottom))


CASES = {
    "cut-outs on": Case([0.9, 0.7], [0.8, 0.6], {"a": _outfit(RED, BLACK), "b": _outfit(RED, None)}, 2.0, 4.0),
    "cut-outs off": Case([0.0], [], {}, 0.0, 0.0),
}
LABELS = {"a": GarmentLabels((RED,), (BLACK, BLUE)), "b": GarmentLabels((BLUE,), (BLUE,))}


def test_the_table_of_masks() -> None:
    assert masks(CASES, 2, 4.0).rows == [
        ["cut-outs on", "0.800", "0.720", "0.700", "0.50", "1.00"],
        ["cut-outs off", "0.000", "0.000", "", "0.00", "0.00"],
    ]


def test_names_are_right_if_they_are_accepted_and_cannot_tell_is_not() -> None:
    rows = colours(CASES, LABELS).rows
    assert rows[0] == ["cut-outs on", "0.50", "0.50", "2 of 2", "0.50", "1.00", "1 of 2"]
    assert rows[1] == ["cut-outs off", "0.00", "0.00", "0 of 2", "0.00", "0.00", "0 of 2"]


def test_searches_count_right_wrong_and_missed() -> None:
    by_colour = {row[0]: row[1] for row in searches(CASES, LABELS).rows}
    assert by_colour["red"] == "1 / 1 / 0"
    assert by_colour["black"] == "1 / 0 / 0"
    assert by_colour["blue"] == "0 / 0 / 2"
