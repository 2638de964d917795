"""Names as subtitles: WebVTT (W3C), SubRip, and WebVTT metadata with boxes for pages that draw over a player.

Times are those of the player: seconds since the start of the container.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise

from curation.domain.film.exchange.names import ShownPerson, joined_names, on_screen
from curation.domain.film.exchange.positions import position_at
from curation.domain.film.people import TrailerResult
from curation.domain.film.times import Interval
from curation.domain.film.track import Track

__all__ = ["srt", "vtt_text", "vtt_time", "webvtt", "webvtt_boxes"]

_VTT = "WEBVTT"
_BOX_DIGITS = 5


def webvtt(people: Sequence[ShownPerson]) -> str:
    """Captions: in each cue the names of those who are on screen."""
    cues = [
        f"{_times(part, '.')}\n{vtt_text(joined_names([person.name for person in shown]))}\n"
        for part, shown in on_screen(people)
        if _is_seen(part)
    ]
    return "\n".join((f"{_VTT}\n", *cues))


def srt(people: Sequence[ShownPerson]) -> str:
    """The same as SubRip, which knows no escapes: what players take for markup is written with other characters."""
    parts = ((part, shown) for part, shown in on_screen(people) if _is_seen(part))
    return "\n".join(
        f"{number}\n{_times(part, ',')}\n{_srt_text(joined_names([person.name for person in shown]))}\n"
        for number, (part, shown) in enumerate(parts, 1)
    )


def webvtt_boxes(result: TrailerResult, people: Sequence[ShownPerson]) -> str:
    """Metadata: where each face is, for pages that draw over the player.

    A cue is the way of one face from a sighting to the next. Its payload is a JSON object: `track` (index), `id`
    (cluster_id), `name`, `from` and `to` (box at the start and the end of the cue as x, y, width, height in shares of
    the picture's width and height; between them it moves on a straight line).
    """
    facts = result.film.facts
    cues: list[tuple[Interval, int, str]] = []
    names = {index: person.name for person in people for index in person.tracks}
    ids = {index: person.cluster_id for person in result.people for index in person.tracks}
    for index, name in sorted(names.items()):
        track = result.film.tracks[index]
        for part in _ways(track):
            way = {"track": index, "id": ids[index], "name": name}
            for key, time in (("from", part.start), ("to", part.end)):
                x, y, w, h = position_at(track, time)
                shares = (x / facts.width, y / facts.height, w / facts.width, h / facts.height)
                way[key] = [round(share, _BOX_DIGITS) for share in shares]
            cues.append((part, index, _json(way)))
    lines = [f"{_times(part, '.')}\n{payload}\n" for part, _, payload in sorted(cues) if _is_seen(part)]
    return "\n".join((f"{_VTT}\n", *lines))


def vtt_text(text: str) -> str:
    """A text with the escapes of WebVTT; `-->` cannot stand in it then."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _srt_text(text: str) -> str:
    text = text.replace("<", "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}")
    text = text.replace(">", "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}")
    return text.replace("{", "(").replace("}", ")").replace("\\", "/")


def _json(way: dict[str, object]) -> str:
    text = json.dumps(way, ensure_ascii=False, separators=(",", ":"))
    return text.replace(">", "\\u003e").replace("<", "\\u003c").replace("&", "\\u0026")


def _ways(track: Track) -> Iterator[Interval]:
    """From sighting to sighting, with the ends of the track."""
    inner = (each.time for each in track.sightings if track.span.start < each.time < track.span.end)
    for start, end in pairwise((track.span.start, *inner, track.span.end)):
        yield Interval(start, end)


def _is_seen(part: Interval) -> bool:
    return _milliseconds(part.start) < _milliseconds(part.end)


def _times(part: Interval, point: str) -> str:
    return f"{vtt_time(part.start, point)} --> {vtt_time(part.end, point)}"


def vtt_time(time: Fraction, point: str = ".") -> str:
    """A time as hours, minutes, seconds and thousandths."""
    thousandths = _milliseconds(time)
    seconds, thousandths = divmod(thousandths, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{point}{thousandths:03d}"


def _milliseconds(time: Fraction) -> int:
    return max(round(time * 1000), 0)
