"""Assets as the pages show them: cards, the people of a picture with their skeletons, and cut-outs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from curation.api.http.assets.desk import AssetDesk
from curation.api.http.assets.pictures import cutout_of_person
from curation.api.pages.assets.asset_query import ViewQuery
from curation.api.pages.assets.words import STATES, age_words, composition_words, sex_words
from curation.api.schemas.assets.rows import record_of
from curation.domain.assets.asset import Asset
from curation.domain.assets.record import AssetRecord, PersonRecord
from curation.domain.assets.states import AssetState, RejectCode
from curation.domain.bodies.pose import BONES, Pose, PoseJoint, PoseLandmark
from curation.domain.faces.face import Box
from curation.domain.outfits.outfit import Garment, GarmentColour
from curation.domain.outfits.searching import wears

__all__ = ["AssetCard", "AssetView", "Cutout", "GarmentView", "PersonView", "asset_card", "asset_view", "cutouts_of"]

_MOST_TOLD = 4
_SEEN = 0.5  # the least visibility of landmarks that are drawn
_WHOLE = frozenset({"cutout.png"})

# Those of a face lie too close to each other.
_JOINTS = (PoseJoint.NOSE, *sorted({joint for bone in BONES for joint in bone if joint >= PoseJoint.LEFT_SHOULDER}))

Line = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Swatch:
    """A colour of a garment: its name, its share in percent, and `#rrggbb`; `start` is the share before it."""

    name: str
    percent: int
    start: int
    hex: str


@dataclass(frozen=True, slots=True)
class GarmentView:
    """Top or bottom; without swatches it cannot be told."""

    title: str
    swatches: tuple[Swatch, ...]

    @property
    def words(self) -> str:
        """Its colours in words."""
        return ", ".join(f"{each.name} {each.percent} %" for each in self.swatches) or "cannot tell"


@dataclass(frozen=True, slots=True)
class PersonView:
    """A person of a picture.

    Attributes:
        number: `person_index`.
        title: The name in the event, or `Person 1`.
        has_name: Whether the event knows the name.
        percent: How certain it is that somebody is there.
        box: Of the body, in pixels of the picture at full size.
        face: Of the face; None without one.
        bones: Lines of the skeleton, each x1, y1, x2, y2, in the same pixels.
        joints: Its points.
        garments: Top and bottom; empty without clothes.
        is_coloured_light: Whether all colours are doubtful.
        composition: In words.
        attributes: What was read of the face, by title, in words; empty if nothing was asked for.
        has_cutout: Whether there is a cut-out of this person.
    """

    number: int
    title: str
    has_name: bool
    percent: int
    box: Box
    face: Box | None
    bones: tuple[Line, ...]
    joints: tuple[tuple[float, float], ...]
    garments: tuple[GarmentView, ...]
    is_coloured_light: bool
    composition: tuple[str, ...]
    attributes: Mapping[str, str]
    has_cutout: bool


@dataclass(frozen=True, slots=True)
class AssetCard:
    """A picture in the grid."""

    id: str
    name: str
    state: AssetState
    state_word: str
    message: str
    people: tuple[PersonView, ...]
    has_picture: bool

    @property
    def told(self) -> tuple[PersonView, ...]:
        """The people of whom there is something to tell: at most four; of small ones in the background there is not."""
        known = [each for each in self.people if each.has_name or any(part.swatches for part in each.garments)]
        return tuple((known or self.people)[:_MOST_TOLD])

    @property
    def spoken(self) -> str:
        """The card for screen readers."""
        people = [
            ", ".join(
                [person.title, *(f"{part.title} {part.swatches[0].name}" for part in person.garments if part.swatches)]
            )
            for person in self.told
        ]
        return "; ".join([self.name, self.state_word, *people, *([self.message] if self.message else [])])


@dataclass(frozen=True, slots=True)
class AssetView:
    """A picture in detail; `width` and `height` are 0 until it is COMPLETED."""

    card: AssetCard
    width: int
    height: int
    files: frozenset[str]
    notes: tuple[str, ...]
    attempts: int
    created_at: str
    image_paths: tuple[str, ...]

    @property
    def has_cutout(self) -> bool:
        """Whether the background was removed."""
        return bool(_WHOLE & self.files)


@dataclass(frozen=True, slots=True)
class Cutout:
    """A cut-out on the light table.

    Attributes:
        key: As `GET /assets/cutouts.zip` names it.
        asset_id: Of the picture.
        person: `person_index`; None for everybody of the picture.
        title: Who it is, and the picture.
        about: In which picture.
    """

    key: str
    asset_id: str
    person: int | None
    title: str
    about: str


def asset_card(asset: Asset, desk: AssetDesk) -> AssetCard:
    """A row as a card. Raises what `AssetDesk.name_of` raises."""
    return _card(asset, desk, record_of(asset))


def _card(asset: Asset, desk: AssetDesk, record: AssetRecord | None) -> AssetCard:
    return AssetCard(
        id=asset.id,
        name=asset.name,
        state=asset.state,
        state_word=STATES[asset.state],
        message=asset.message,
        people=() if record is None else _people(asset, record, desk),
        # A picture that the gate refuses is not kept, and one that cannot be decoded cannot be shown.
        has_picture=asset.state is not AssetState.REJECTED or asset.code == RejectCode.NO_PERSON,
    )


def asset_view(asset: Asset, desk: AssetDesk) -> AssetView:
    """A row in detail. Raises what `asset_card` raises."""
    record = record_of(asset)
    return AssetView(
        card=_card(asset, desk, record),
        width=0 if record is None else record.width,
        height=0 if record is None else record.height,
        files=frozenset() if record is None else frozenset(record.files),
        notes=() if record is None else record.notes,
        attempts=asset.attempts,
        created_at=asset.created_at,
        image_paths=asset.image_paths,
    )


def cutouts_of(
    assets: Sequence[Asset],
    query: ViewQuery,
    people: frozenset[tuple[str, int]] | None,
    desk: AssetDesk,
    *,
    alone: bool,
) -> Iterator[Cutout]:
    """The cut-outs of pictures: one for each picture, or with `alone` one for each person whom the query asks for."""
    for asset in assets:
        record = record_of(asset)
        if record is None or not _WHOLE & set(record.files):
            continue
        names = {found.person.person_index: _title(asset, found, desk) for found in record.people}
        if not alone:
            title = ", ".join(names.values()) or "Nobody"
            yield Cutout(asset.id, asset.id, None, title, asset.name)
            continue
        for found in record.people:
            number = found.person.person_index
            if _is_asked_for(asset, found, query, people) and cutout_of_person(record, number) is not None:
                yield Cutout(f"{asset.id}.{number}", asset.id, number, names[number], asset.name)


def _is_asked_for(
    asset: Asset, found: PersonRecord, query: ViewQuery, people: frozenset[tuple[str, int]] | None
) -> bool:
    if people is not None and (asset.id, found.person.person_index) not in people:
        return False
    if query.cut is not None and found.composition.cut_at is not query.cut:
        return False
    outfit = found.outfit
    return all(
        wanted is None or (outfit is not None and wears(getattr(outfit, part), wanted))
        for part, wanted in (("top", query.top), ("bottom", query.bottom))
    )


def _title(asset: Asset, found: PersonRecord, desk: AssetDesk) -> str:
    number = found.person.person_index
    return desk.name_of(asset, number) or f"Person {number + 1}"


def _people(asset: Asset, record: AssetRecord, desk: AssetDesk) -> tuple[PersonView, ...]:
    names = {each.person.person_index: desk.name_of(asset, each.person.person_index) for each in record.people}

    def title_of(number: int) -> str:
        return names.get(number) or f"person {number + 1}"

    out = []
    for found in record.people:
        person, number = found.person, found.person.person_index
        points = () if person.pose is None else tuple(_seen(person.pose, record))
        out.append(
            PersonView(
                number=number,
                title=names[number] or f"Person {number + 1}",
                has_name=names[number] is not None,
                percent=round(100 * person.confidence),
                box=person.box,
                face=None if person.face is None else person.face.box,
                bones=() if person.pose is None else tuple(_bones(person.pose, record)),
                joints=points,
                garments=()
                if found.outfit is None
                else (_garment("Top", found.outfit.top), _garment("Bottom", found.outfit.bottom)),
                is_coloured_light=found.outfit is not None and found.outfit.coloured_light,
                composition=composition_words(found.composition, title_of),
                attributes=_attributes(found),
                has_cutout=cutout_of_person(record, number) is not None,
            )
        )
    return tuple(out)


def _attributes(found: PersonRecord) -> Mapping[str, str]:
    read = found.attributes
    if read is None:
        return {}
    words = {} if read.age is None else {"Age": age_words(read.age)}
    return words if read.sex is None else {**words, "Sex": sex_words(read.sex)}


def _garment(title: str, garment: Garment) -> GarmentView:
    swatches: list[Swatch] = []
    start = 0
    for colour in garment.colours:
        percent = round(100 * colour.share)
        if percent:
            swatches.append(Swatch(colour.name.value, percent, start, _hex(colour)))
            start += percent
    return GarmentView(title, tuple(swatches))


def _hex(colour: GarmentColour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour.rgb)


def _is_seen(point: PoseLandmark, record: AssetRecord) -> bool:
    # Outside of the picture the network guesses.
    return point.visibility >= _SEEN and 0 <= point.x <= record.width and 0 <= point.y <= record.height


def _seen(pose: Pose, record: AssetRecord) -> Iterator[tuple[float, float]]:
    for joint in _JOINTS:
        point = pose.at(joint)
        if _is_seen(point, record):
            yield round(point.x, 1), round(point.y, 1)


def _bones(pose: Pose, record: AssetRecord) -> Iterator[Line]:
    for start, end in BONES:
        one, other = pose.at(start), pose.at(end)
        if _is_seen(one, record) and _is_seen(other, record):
            yield round(one.x, 1), round(one.y, 1), round(other.x, 1), round(other.y, 1)
