"""Markers in the files of editors: OpenTimelineIO, and FCPXML 1.11 of Final Cut Pro."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, urlsplit

from curation.domain.film.clip import ClipFacts
from curation.domain.film.exchange.markers import Marker
from curation.domain.film.exchange.names import one_line
from curation.domain.film.exchange.time_code import TimeCode
from curation.extras import Extra, extra_for

__all__ = ["fcpxml", "film_title", "otio_text"]

_COLOURS = ("BLUE", "GREEN", "YELLOW", "RED", "PINK", "PURPLE", "CYAN", "ORANGE", "MAGENTA")
_VERSION = "1.11"
_DRIVE = re.compile(r"[A-Za-z]:/")  # of Windows


def film_title(source: str) -> str:
    """The name of a film by its path or address, on one line."""
    path = urlsplit(source).path if "://" in source else source
    return one_line(PurePosixPath(path.replace("\\", "/")).name) or "film"


def otio_text(marks: Sequence[Marker], facts: ClipFacts, code: TimeCode, *, source: str) -> str:
    """A timeline with the film as its one clip, and a marker on it for each time that a person is on screen.

    Args:
        marks: By time.
        facts: Of the film.
        code: How pictures are counted.
        source: Path or address of the film; may be empty.

    Returns:
        The JSON of OpenTimelineIO; names of people are those of the markers, and their ids are in their metadata.

    Raises:
        ExtraMissingError: If the extra `video` is not installed.
    """
    with extra_for(Extra.VIDEO, "a timeline of OpenTimelineIO"):
        from opentimelineio import opentime, schema

    def time(number: int) -> Any:
        return opentime.RationalTime(number, float(code.rate))

    length = max(code.number_at(facts.duration), 1)
    whole = opentime.TimeRange(time(code.start), time(length))
    media = schema.ExternalReference(target_url=_address(source), available_range=whole) if source else None
    clip = schema.Clip(name=film_title(source), media_reference=media, source_range=whole)
    for mark in marks:
        clip.markers.append(
            schema.Marker(
                name=mark.person.name,
                marked_range=opentime.TimeRange(time(code.start + mark.first), time(mark.length)),
                color=_COLOURS[mark.colour % len(_COLOURS)],
                metadata={"curation": {"cluster_id": mark.person.cluster_ids[0], "category": mark.person.category}},
            )
        )
    track = schema.Track(name="V1", kind=schema.TrackKind.Video, children=[clip])
    timeline = schema.Timeline(name=film_title(source), global_start_time=time(code.start))
    timeline.tracks.append(track)
    if code.note:
        timeline.metadata["curation"] = {"note": code.note}
    text: str = timeline.to_json_string(indent=2)
    return text + "\n"


def fcpxml(marks: Sequence[Marker], facts: ClipFacts, code: TimeCode, *, source: str) -> bytes:
    """The film as a clip of an event, with a keyword for each time that a person is on screen, as UTF-8.

    Args:
        marks: By time.
        facts: Of the film.
        code: How pictures are counted.
        source: Path or address of the film; may be empty.
    """
    from lxml import etree

    def time(frames: int) -> str:
        seconds = frames / code.rate
        return f"{seconds.numerator}s" if seconds.denominator == 1 else f"{seconds.numerator}/{seconds.denominator}s"

    title, length = _xml_text(film_title(source)), time(max(code.number_at(facts.duration), 1))
    counted = "DF" if code.is_drop else "NDF"
    root = etree.Element("fcpxml", version=_VERSION)
    resources = etree.SubElement(root, "resources")
    etree.SubElement(
        resources,
        "format",
        id="r1",
        frameDuration=_frame_duration(code.rate),
        width=str(facts.width),
        height=str(facts.height),
    )
    asset = etree.SubElement(
        resources, "asset", id="r2", name=title, start=time(code.start), duration=length, hasVideo="1", format="r1"
    )
    if facts.has_audio:
        asset.set("hasAudio", "1")
    etree.SubElement(asset, "media-rep", kind="original-media", src=_xml_text(_address(source or title)))
    event = etree.SubElement(etree.SubElement(root, "library"), "event", name=title)
    clip = etree.SubElement(
        event,
        "asset-clip",
        ref="r2",
        name=title,
        start=time(code.start),
        duration=length,
        format="r1",
        tcFormat=counted,
    )
    if code.note:
        etree.SubElement(clip, "note").text = _xml_text(code.note)
    for mark in marks:
        etree.SubElement(
            clip,
            "keyword",
            start=time(code.start + mark.first),
            duration=time(mark.length),
            value=_xml_text(mark.person.name.replace(",", " ")),
        )
    content: bytes = etree.tostring(
        root, xml_declaration=True, encoding="UTF-8", pretty_print=True, doctype="<!DOCTYPE fcpxml>"
    )
    return content


def _frame_duration(rate: Fraction) -> str:
    # Final Cut Pro names durations with the time base that cameras write: 1001/30000s, 100/2500s.
    return f"{rate.denominator}/{rate.numerator}s" if rate.denominator > 1 else f"100/{100 * rate.numerator}s"


def _address(source: str) -> str:
    if "://" in source:
        return source
    path = quote(source.replace("\\", "/").encode("utf-8", "surrogateescape"), safe="/:@")
    if _DRIVE.match(path):
        path = f"/{path}"
    return f"file://{path}" if path.startswith("/") else f"./{path}"


def _xml_text(text: str) -> str:
    """Without the characters that XML 1.0 does not allow."""
    return "".join(
        char
        for char in text
        if char in "\t\n" or (" " <= char <= "\ud7ff") or "\ue000" <= char <= "\ufffd" or char > "\uffff"
    )
