"""The times of an event's photos as they are used: in one time zone, by clocks that are set by the pictures.

Nothing of this is written into any file: the times that the files tell stay beside those that are used.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from curation.domain.bursts.clock_offsets import ClockMoment, ClockOffset, find_offset, moments_of
from curation.domain.bursts.scenes import clock_seconds
from curation.domain.bursts.still_clocks import TimedLook, steps_of, still_photos
from curation.domain.measuring.taken import BY_NAME, TakenTime, runs_from_default

__all__ = [
    "NO_CLOCKS",
    "CameraClock",
    "ClockPhoto",
    "ClockRules",
    "EventClocks",
    "PhotoTime",
    "clock_sentence",
    "event_clocks",
    "offset_text",
]

_MOST_CLOCKS = 8  # are compared with each other, those with the most photos
_LEAST_PHOTOS = 5
_NEW_ERA = timedelta(days=300)  # between two photos of one camera: a clock that began anew, or another year
_FULL_QUARTER_S, _WIDE_S = 900.0, 60.0
# Their clocks are set by the network.
_PHONES = re.compile(
    r"^(apple|iphone|samsung sm-|sm-|google|pixel|xiaomi|redmi|poco|huawei|honor|oneplus|oppo|vivo|motorola|nokia"
    r"|sony xq|fairphone|realme|nothing|htc|lge|tecno|infinix|zte)",
    re.IGNORECASE,
)
_NOT_SET, _IN_UTC = " (clock not set)", " (UTC)"
_LETTERS = re.compile(r"[^\W\d_]*")


@dataclass(frozen=True, slots=True)
class ClockPhoto:
    """What is known of a photo.

    Attributes:
        image_path: Its path.
        taken: When it was taken, as its file or its name tells; None if nothing does.
        camera: Maker, model and serial number as one text; empty if unknown.
        miniature: See `curation.photos.looks.miniature`; None if there is none.
        people: Keys of the people in it.
    """

    image_path: str
    taken: TakenTime | None
    camera: str = ""
    miniature: bytes | None = None
    people: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ClockRules:
    """What is done with clocks.

    Attributes:
        by_pictures: Whether the clocks of several cameras are set by the pictures.
        ahead_s: How far the clocks of cameras are ahead, as the user says, by the name of the clock; the pictures say
            nothing about these. Without the serial number, a name is that of all cameras of the model.
    """

    by_pictures: bool = True
    ahead_s: Mapping[str, float] = field(default_factory=dict)

    def said_of(self, clock: str) -> float | None:
        """What the user says of a clock, by its full name or by that of its camera without the serial number."""
        said = self.ahead_s.get(clock)
        return self.ahead_s.get(clock.partition(" #")[0]) if said is None else said


@dataclass(frozen=True, slots=True)
class PhotoTime:
    """When a photo was taken.

    Attributes:
        time: As it is used; None if it is unknown, or if the clock stood still.
        told: As the file or its name tells; None if nothing does.
        shift_s: What was added to the time that is told.
        step_s: The steps in which the clock shows time, if they are longer than a second; else 0.
        clock: The name of its clock, see `CameraClock`.
        stood_still: Whether its clock stood still.
    """

    time: datetime | None
    told: TakenTime | None = None
    shift_s: float = 0.0
    step_s: float = 0.0
    clock: str = ""
    stood_still: bool = False


@dataclass(frozen=True, slots=True)
class CameraClock:
    """The clock of a camera.

    Attributes:
        name: Of the camera, with its serial number if its files have it; for photos that do not name their camera, what
            their names begin with.
        photos: How many photos have a time by it.
        still: How many more photos were taken while it stood still.
        ahead_s: How far it is ahead of the clock that counts; what is taken off its times.
        than: The name of the clock that it was compared with; empty if it was not compared.
        pairs: How many pairs of photos speak for it.
        by_user: Whether the user said how far it is ahead.
        examples: Pairs of photos that speak for it: of `than`, and of this clock.
    """

    name: str
    photos: int
    still: int = 0
    ahead_s: float = 0.0
    than: str = ""
    pairs: int = 0
    by_user: bool = False
    examples: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class EventClocks:
    """The times of all photos and the clocks that they are by, those with the most photos first."""

    times: Mapping[str, PhotoTime]
    clocks: tuple[CameraClock, ...]

    def is_said(self, taken: PhotoTime | None) -> bool:
        """Whether the clock of a photo is set as the user says."""
        return taken is not None and any(clock.by_user for clock in self.clocks if clock.name == taken.clock)

    @property
    def steps_s(self) -> dict[str, float]:
        """The steps of the clocks of photos that do not show seconds, by image path."""
        return {path: one.step_s for path, one in self.times.items() if one.step_s}

    @property
    def sentences(self) -> tuple[str, ...]:
        """What a user should know of the clocks; empty if all is as it seems."""
        return tuple(text for clock in self.clocks if (text := clock_sentence(clock)))


NO_CLOCKS = EventClocks(MappingProxyType({}), ())


def event_clocks(photos: Iterable[ClockPhoto], rules: ClockRules | None = None) -> EventClocks:
    """Settle the times of an event's photos.

    Times in UTC become local ones where other photos of the event tell their time zone. Times of clocks that stood
    still are unknown. Where the pictures say so clearly, what a clock is ahead of the others is taken off.

    Args:
        photos: All of them, in any order; the answer is the same for any.
        rules: What is done; None for the usual.
    """
    rules = rules or ClockRules()
    known = sorted(photos, key=lambda one: one.image_path)
    local = _localised(known)
    names = _clock_names(known, local)
    timed = [one for one in known if one.image_path in local]
    still = still_photos(
        TimedLook(one.image_path, names[one.image_path], local[one.image_path].time, one.miniature, one.people)
        for one in timed
    )
    moving: defaultdict[str, list[ClockPhoto]] = defaultdict(list)
    for one in timed:
        if one.image_path not in still:
            moving[names[one.image_path]].append(one)
    steps = steps_of({name: [local[one.image_path].time for one in group] for name, group in moving.items()})
    ahead = _ahead(moving, local, steps, rules)
    times = {}
    for one in known:
        path = one.image_path
        if path not in local:
            times[path] = PhotoTime(None, one.taken)
            continue
        name = names[path]
        if path in still:
            times[path] = PhotoTime(None, one.taken, clock=name, stood_still=True)
            continue
        assert one.taken is not None  # else it would not be in `local`
        used = local[path].time - timedelta(seconds=ahead[name].ahead_s if name in ahead else 0.0)
        shift = (used - one.taken.time).total_seconds()
        times[path] = PhotoTime(used, one.taken, shift, steps.get(name, 0.0), name)
    stood = Counter(names[path] for path in still)
    counts = {name: len(group) for name, group in moving.items()}
    clocks = [
        replace(ahead.get(name, CameraClock(name, 0)), photos=counts.get(name, 0), still=stood[name])
        for name in counts.keys() | stood.keys()
    ]
    return EventClocks(times, tuple(sorted(clocks, key=lambda one: (-one.photos - one.still, one.name))))


# --- Time zones and names ---------------------------------------------------------------------------------


def _localised(photos: Sequence[ClockPhoto]) -> dict[str, TakenTime]:
    """The times by path; those in UTC by the time zone that other photos tell, as long as any does."""
    zones = [
        (one.taken.time - timedelta(minutes=one.taken.utc_offset_min), one.taken.utc_offset_min)
        for one in photos
        if one.taken is not None and one.taken.utc_offset_min is not None and not one.taken.is_utc
    ]
    same = zones[0][1] if len({minutes for _, minutes in zones}) == 1 else None
    local = {}
    for one in photos:
        taken = one.taken
        if taken is None:
            continue
        if taken.is_utc and zones:
            # On a journey, that of the photo that was taken next to it.
            moment = taken.time
            minutes = same if same is not None else min(zones, key=lambda zone: abs(zone[0] - moment))[1]
            taken = TakenTime(taken.time + timedelta(minutes=minutes), taken.place, utc_offset_min=minutes)
        local[one.image_path] = taken
    return local


def _clock_names(photos: Sequence[ClockPhoto], local: Mapping[str, TakenTime]) -> dict[str, str]:
    """The name of the clock of each photo with a time."""
    names = {}
    for one in photos:
        taken = local.get(one.image_path)
        if taken is None:
            continue
        name = one.camera or _unnamed(one.image_path, taken)
        if taken.is_utc:
            name += _IN_UTC
        names[one.image_path] = name + _NOT_SET if runs_from_default(taken.time) else name
    return _with_eras(names, local)


def _unnamed(path: str, taken: TakenTime) -> str:
    """For photos that do not name their camera: a folder and the letters of a name are often one camera's."""
    folder, _, name = path.rpartition("/")
    place = f"{folder}/" if folder else ""
    return f"{place}{_letters(name)}*" + (" by name" if taken.place == BY_NAME else "")


def _letters(name: str) -> str:
    found = _LETTERS.match(name)
    return found[0].upper() if found is not None else ""


def _with_eras(names: dict[str, str], local: Mapping[str, TakenTime]) -> dict[str, str]:
    """A clock that jumps by the best part of a year has been set anew: before and after are told apart."""
    by_clock: defaultdict[str, list[str]] = defaultdict(list)
    for path, name in names.items():
        by_clock[name].append(path)
    for name, paths in by_clock.items():
        paths.sort(key=lambda path: (local[path].time, path))
        began = local[paths[0]].time
        jumps = 0
        for path in paths:
            jumps += local[path].time - began >= _NEW_ERA
            began = local[path].time
            if jumps:
                names[path] = f"{name} (from {began.year})" if jumps == 1 else f"{name} (from {began.year}, {jumps})"
    return names


# --- Comparing clocks -------------------------------------------------------------------------------------


def _ahead(
    moving: Mapping[str, Sequence[ClockPhoto]],
    local: Mapping[str, TakenTime],
    steps: Mapping[str, float],
    rules: ClockRules,
) -> dict[str, CameraClock]:
    """The clocks of which something is known."""
    known = {
        name: CameraClock(name, 0, ahead_s=rules.ahead_s[name], by_user=True)
        for name in moving
        if name in rules.ahead_s
    }
    if not rules.by_pictures:
        return known
    moments = {
        name: moments_of(
            [
                ClockMoment(clock_seconds(local[one.image_path].time), one.image_path, one.miniature, one.people)
                for one in group
                if one.miniature is not None
            ]
        )
        for name, group in moving.items()
        if steps.get(name, 0.0) <= _WIDE_S and len(group) >= _LEAST_PHOTOS
    }
    order = sorted(moments, key=lambda name: (-len(moving[name]), name))[:_MOST_CLOCKS]
    links = []
    for place, first in enumerate(order):
        for second in order[place + 1 :]:
            found = find_offset(moments[first], moments[second])
            if found is not None:
                links.append((first, second, _rounded(found)))
    links.sort(key=lambda link: (-link[2].votes + link[2].others, link[0], link[1]))
    return known | _set_by(order, links, known, {name: len(moving[name]) for name in order})


def _rounded(found: ClockOffset) -> ClockOffset:
    """Where the pictures tell minutes only, a full quarter of an hour is what a clock was set wrong by."""
    full = round(found.offset_s / _FULL_QUARTER_S) * _FULL_QUARTER_S
    is_full = found.within_s >= _WIDE_S and abs(found.offset_s - full) <= 2 * _WIDE_S
    return replace(found, offset_s=full if is_full else float(round(found.offset_s)))


def _set_by(
    order: Sequence[str],
    links: Sequence[tuple[str, str, ClockOffset]],
    said: Mapping[str, CameraClock],
    photos: Mapping[str, int],
) -> dict[str, CameraClock]:
    """How far each clock is ahead, from the clock that counts among those that are linked, over the strongest links."""
    links_of: defaultdict[str, list[tuple[str, ClockOffset]]] = defaultdict(list)
    for first, second, found in links:
        links_of[first].append((second, found))
        turned = tuple((theirs, ours) for ours, theirs in found.examples)
        links_of[second].append((first, replace(found, offset_s=-found.offset_s, examples=turned)))
    known: dict[str, CameraClock] = {}
    for root in sorted(order, key=lambda name: (name not in said, *_trust(name, photos[name]), name)):
        if root in known or not links_of[root]:
            continue
        known[root] = said.get(root, CameraClock(root, 0))
        while True:
            # The strongest link first, so that a doubtful one is only used where there is no other.
            reachable = [
                (found.votes - found.others, origin, target, found)
                for origin in known
                for target, found in links_of[origin]
                if target not in known
            ]
            if not reachable:
                break
            _, origin, target, found = max(reachable, key=lambda link: (link[0], link[1], link[2]))
            ahead = known[origin].ahead_s + found.offset_s
            known[target] = said.get(
                target, CameraClock(target, 0, 0, ahead, origin, found.pairs, examples=found.examples)
            )
    return known


def _trust(name: str, photos: int) -> tuple[bool, bool, int]:
    """Sort key: a clock that is set by a network counts most, one that was never set least, then the most photos."""
    is_odd = name.endswith((_NOT_SET, _IN_UTC)) or "*" in name
    return is_odd, _PHONES.match(name) is None, -photos


# --- Words ------------------------------------------------------------------------------------------------


def offset_text(seconds: float) -> str:
    """A length of time: `1 h`, `1 day 2 h`, `3 min 20 s`; `0 s` for nothing."""
    whole = round(abs(seconds))
    days, rest = divmod(whole, 86400)
    parts = [
        (days, "day" if days == 1 else "days"),
        (rest // 3600, "h"),
        (rest // 60 % 60, "min"),
        (rest % 60, "s"),
    ]
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 s"


def clock_sentence(clock: CameraClock) -> str:
    """What to know of a clock; empty if there is nothing."""
    words = []
    if round(clock.ahead_s):
        how = "ahead" if clock.ahead_s > 0 else "behind"
        if clock.by_user:
            reason = "as you said"
        else:
            reason = f"{clock.pairs} pairs of photos that look alike say so, compared with {clock.than}"
        words.append(f"the clock of {clock.name} is {offset_text(clock.ahead_s)} {how} ({reason})")
    if clock.still:
        number = "1 photo has" if clock.still == 1 else f"{clock.still} photos have"
        words.append(f"the clock of {clock.name} stood still: {number} no usable time")
    return "; ".join(words)
