"""People, corrections and suggestions as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, model_validator

from curation.api.http.urls import face_picture_url
from curation.api.schemas.base import Out, Page, Sent, Whole
from curation.api.schemas.labels import LabelIn
from curation.api.schemas.person_attributes import PersonAttributesOut
from curation.domain.attributes.values import FaceAttributes
from curation.domain.faces.ids import FACE_ID_PATTERN
from curation.domain.faces.index import FaceEntry
from curation.domain.labelling.corrections import CorrectedFace, Correction, CorrectionKind
from curation.domain.labelling.label_changes import UNCHANGED, LabelChange
from curation.domain.labelling.labels import MAX_NAME_CHARS, Category
from curation.event.people.view import PersonView

__all__ = [
    "CorrectedFaceOut",
    "CorrectionIn",
    "CorrectionOut",
    "CorrectionPage",
    "CorrectionsOut",
    "LabelConflictOut",
    "MergeSuggestionOut",
    "MergeSuggestions",
    "NamesOut",
    "PeopleChanged",
    "PeoplePatch",
    "PersonChoiceOut",
    "PersonChoices",
    "PersonOut",
    "PersonPage",
    "PersonPatch",
    "UndoOut",
]

MAX_CLUSTERS = 50_000
MAX_FACES = 20_000
MAX_CLUSTER_ID = 999_999_999

ClusterIdValue = Annotated[Whole, Field(ge=0, le=MAX_CLUSTER_ID, examples=[3])]
FaceIdValue = Annotated[str, Field(pattern=FACE_ID_PATTERN, examples=["5b41f1e3a0c9d27e-0"])]
ClusterIds = Annotated[tuple[ClusterIdValue, ...], Field(max_length=MAX_CLUSTERS)]
FaceIds = Annotated[tuple[FaceIdValue, ...], Field(max_length=MAX_FACES)]
Name = Annotated[str | None, Field(max_length=MAX_NAME_CHARS, examples=["Anna"])]


class PersonOut(Out):
    """A cluster of faces that counts as one person, corrections included."""

    cluster_id: ClusterIdValue
    name: Name
    """As in the labels; null without a name."""
    category: Annotated[Category | None, Field(examples=["main"])]
    """As in the labels; null for a person without a label."""
    display_name: Annotated[str, Field(examples=["person 3"])]
    """The name, or `person N` for a cluster without a name."""
    photos: Annotated[int, Field(ge=0, examples=[55])]
    """Photos with at least one of the faces."""
    faces: Annotated[int, Field(ge=0, examples=[57])]
    best_face_id: FaceIdValue
    """The face to show; its picture is at `/faces/{face_id}/picture`."""
    sample_face_ids: tuple[FaceIdValue, ...]
    """Up to a dozen faces, spread evenly from good to poor; the best first."""
    same_name: tuple[ClusterIdValue, ...] = ()
    """Other clusters with this name: they count as the same person. Only in the response for a single person."""
    attributes: PersonAttributesOut | None = None
    """What the person looks like; null unless the section `attributes` of config.yaml asks for it."""

    @classmethod
    def of(cls, view: PersonView, told: FaceAttributes | None = None) -> PersonOut:
        """Convert a person; `told` are the attributes."""
        summary, label = view.summary, view.summary.label
        return cls(
            cluster_id=summary.id,
            name=None if label is None else label.name,
            category=None if label is None else label.category,
            display_name=view.display_name,
            photos=summary.photos,
            faces=summary.faces,
            best_face_id=summary.best_face,
            sample_face_ids=view.sample_face_ids,
            same_name=view.same_name,
            attributes=PersonAttributesOut.of(told),
        )


class PersonPage(Page):
    """People, those in the most photos first."""

    people: tuple[PersonOut, ...]


class _Change(Sent):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[Name, Field(description="Null removes the name; if omitted, it stays.")] = None
    category: Annotated[Category | None, Field(description="Null removes the category; if omitted, it stays.")] = None
    first_category: Annotated[
        Category | None,
        Field(
            description="Of a person who gets a name and has no category, neither of their own nor by that name. The "
            "page sends `important`, as whoever is named matters; without it that of people without a label counts."
        ),
    ] = None

    @property
    def change(self) -> LabelChange:
        """The change that the request asks for."""
        given = self.model_fields_set
        return LabelChange(
            name=self.name if "name" in given else UNCHANGED,
            category=self.category if "category" in given else UNCHANGED,
            first_category=self.first_category,
        )


class PersonPatch(_Change):
    """A change of a person's label; fields that are omitted stay as they are."""

    @model_validator(mode="after")
    def _says_something(self) -> PersonPatch:
        if not {"name", "category"} & self.model_fields_set:
            raise ValueError("give a name or a category")
        return self


class PeoplePatch(_Change):
    """A change of many people: of those in `ids`, or of all strangers in few photos."""

    ids: ClusterIds = ()
    strangers_below_photos: Annotated[
        Whole | None,
        Field(ge=1, le=1_000_000, description="People without a label in fewer photos than this become `other`."),
    ] = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> PeoplePatch:
        says_label = bool({"name", "category"} & self.model_fields_set)
        if self.strangers_below_photos is not None:
            if self.ids or says_label or self.first_category is not None:
                raise ValueError("strangers_below_photos excludes ids, name and category")
        elif not self.ids or not says_label:
            raise ValueError("give ids with a name or a category, or strangers_below_photos")
        return self


class PeopleChanged(Out):
    """The result of a change of many people."""

    changed: Annotated[int, Field(ge=0, examples=[12])]
    """Clusters whose label changed; other clusters of the same name are counted too."""


class LabelConflictOut(BaseModel):
    """A cluster that somebody else has labelled differently in the meantime; in `conflicts` of a problem."""

    cluster_id: int
    yours: Category | LabelIn | None
    theirs: Category | LabelIn | None


class NamesOut(Out):
    """Names that match what was typed, those of people in the most photos first."""

    names: tuple[str, ...]


class PersonChoiceOut(Out):
    """A person whom a face may be given to."""

    cluster_id: ClusterIdValue
    title: Annotated[str, Field(examples=["Anna", "person 7"])]
    name: Annotated[str | None, Field(examples=["Anna"])]
    category: Category | None
    photos: Annotated[int, Field(ge=1, examples=[42])]
    picture_url: Annotated[str, Field(examples=["/faces/5b41f1e3a0c9d27e-0/picture"])]
    likeness: Annotated[float | None, Field(ge=-1, le=1, examples=[0.52])]
    """How much the face in question looks like the person's faces on average; null without one."""


class PersonChoices(Out):
    """People to choose from: those who look most like the face first, else those in the most photos."""

    total: Annotated[int, Field(ge=0, examples=[298])]
    people: tuple[PersonChoiceOut, ...]


class CorrectedFaceOut(Out):
    """A face that a correction is about."""

    face_id: Annotated[str | None, Field(pattern=FACE_ID_PATTERN, examples=["5b41f1e3a0c9d27e-0"])]
    """Null if it is not there now."""
    photo_id: Annotated[str | None, Field(examples=["5b41f1e3a0c9d27e"])]
    image_path: Annotated[str, Field(examples=["day 2/IMG_0132.jpg"])]
    picture_url: Annotated[str | None, Field(examples=["/faces/5b41f1e3a0c9d27e-0/picture"])]

    @classmethod
    def of(cls, request: Request, face: CorrectedFace, now: FaceEntry | None) -> CorrectedFaceOut:
        """Convert a face, given as what it is found now."""
        return cls(
            face_id=None if now is None else now.face_id,
            photo_id=None if now is None else now.photo_id,
            image_path=face.image_path if now is None else now.row.image_path,
            picture_url=None if now is None else face_picture_url(request, now.face_id),
        )


class CorrectionIn(Sent):
    """A correction of the grouping.

    `same_person` with `cluster_ids`: merge these clusters. `same_person` with `face_ids` and `cluster_id` or `name`:
    these faces are that person. `different_people` with `face_ids`: split these faces off; they are a new person, or
    `cluster_id`, or the person with this `name`. `different_people` with two `cluster_ids`: they are not the same
    person. `not_a_face` with `face_ids`. `not_a_person` with `cluster_ids`: for instance a statue or a poster. `cover`
    with one of `face_ids`: the picture that is shown of its person. Faces that were not found are drawn with
    `POST /faces`. A name that nobody has yet makes a new person, who is important.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {"kind": "same_person", "cluster_ids": [3, 7]},
                {"kind": "different_people", "face_ids": ["5b41f1e3a0c9d27e-0"], "name": "Tom"},
            ]
        },
    )

    kind: CorrectionKind
    cluster_ids: ClusterIds = ()
    face_ids: FaceIds = ()
    cluster_id: Annotated[
        ClusterIdValue | None,
        Field(
            description="The person that the faces belong to; for a merge, the cluster whose id and label remain "
            "(default: the one with the better label)."
        ),
    ] = None
    name: Annotated[Name, Field(description="The name of the person that the faces belong to.")] = None
    category: Annotated[
        Category | None,
        Field(description="Of the new person, if the faces become one; with a new name `important` without it."),
    ] = None

    @model_validator(mode="after")
    def _fits_together(self) -> CorrectionIn:
        clusters, faces = len(set(self.cluster_ids)), len(self.face_ids)
        if (clusters > 0) is (faces > 0):
            raise ValueError("give either cluster_ids or face_ids")
        if self.kind is CorrectionKind.SAME_PERSON and clusters == 1:
            raise ValueError("a merge needs at least two cluster_ids")
        if self.kind is CorrectionKind.SAME_PERSON and faces and self.cluster_id is None and not self.name:
            raise ValueError("give the person of the faces: cluster_id or name")
        if self.kind is CorrectionKind.SAME_PERSON and clusters and self.name is not None:
            raise ValueError("a merge takes no name; name the person afterwards")
        if self.kind is CorrectionKind.SAME_PERSON and clusters and self.cluster_id not in (None, *self.cluster_ids):
            raise ValueError("cluster_id must be one of cluster_ids")
        if self.kind is CorrectionKind.DIFFERENT_PEOPLE and clusters not in (0, 2):
            raise ValueError("different_people needs face_ids or exactly two cluster_ids")
        is_about_who = self.kind in (CorrectionKind.SAME_PERSON, CorrectionKind.DIFFERENT_PEOPLE)
        has_target = self.cluster_id is not None or self.name is not None
        if has_target and (not is_about_who or (self.kind is CorrectionKind.DIFFERENT_PEOPLE and clusters)):
            raise ValueError("this kind of correction takes neither cluster_id nor name")
        if self.cluster_id is not None and self.name is not None:
            raise ValueError("give either cluster_id or name")
        if self.category is not None and (not faces or not is_about_who or self.cluster_id is not None):
            raise ValueError("category is that of a new person: give it with face_ids, and no cluster_id")
        if self.kind is CorrectionKind.NOT_A_FACE and not faces:
            raise ValueError("not_a_face needs face_ids")
        if self.kind is CorrectionKind.FACE:
            raise ValueError("a face is drawn with POST /faces, which says where it is")
        if self.kind is CorrectionKind.COVER and len(set(self.face_ids)) != 1:
            raise ValueError("cover needs exactly one of face_ids")
        if self.kind is CorrectionKind.NOT_A_PERSON and not clusters:
            raise ValueError("not_a_person needs cluster_ids")
        return self


class CorrectionOut(Out):
    """One correction in corrections.json."""

    id: Annotated[str, Field(examples=["7f0c4be9d93c.0"])]
    """Corrections of one action have the same part before the point, and are undone together."""
    at: Annotated[str, Field(examples=["2026-06-20T21:14:03.512+00:00"])]
    kind: CorrectionKind
    cluster_id: ClusterIdValue | None
    """The person that the faces belong to; null for kinds that name none: `not_a_face`, `face` and `cover`."""
    faces: Annotated[int, Field(ge=0, examples=[4])]
    """The number of corrected faces."""
    others: Annotated[int, Field(ge=0, examples=[51])]
    """The number of faces of the other person, from whom they were separated or with whom they were merged."""
    undone: bool
    shown: tuple[CorrectedFaceOut, ...] = ()
    """Some of the corrected faces; only in `GET /corrections`."""

    @classmethod
    def of(cls, correction: Correction, shown: Sequence[CorrectedFaceOut] = ()) -> CorrectionOut:
        """Convert a correction; of its faces, the number and those that are shown."""
        return cls(
            id=correction.id,
            at=correction.at,
            kind=correction.kind,
            cluster_id=None if correction.cluster < 0 else correction.cluster,
            faces=len(correction.faces),
            others=len(correction.others),
            undone=correction.undone,
            shown=tuple(shown),
        )


class CorrectionsOut(Out):
    """The corrections of one action."""

    id: Annotated[str | None, Field(examples=["7f0c4be9d93c"])]
    """For undoing it with `DELETE /corrections/{id}`; null if nothing had to be corrected."""
    cluster_id: ClusterIdValue | None
    """The person that the faces belong to now; null if it is not a person."""
    corrections: tuple[CorrectionOut, ...]


class CorrectionPage(Page):
    """Corrections, newest first."""

    corrections: tuple[CorrectionOut, ...]


class UndoOut(Out):
    """The change that was undone, or that would be undone next."""

    what: Annotated[str | None, Field(examples=["merged person 7 into Anna"])]
    """Null if there is nothing to undo."""
    left: Annotated[int, Field(ge=0, examples=[11])]
    """The number of changes that can be undone after it."""


class MergeSuggestionOut(Out):
    """Two people who may be the same person."""

    first: PersonOut
    """The person whose label would remain."""
    second: PersonOut
    probability: Annotated[float, Field(ge=0, le=1, examples=[0.61])]
    """How probable it is that the answer is yes."""
    photos_changed: Annotated[int, Field(ge=0, examples=[14])]
    """Photos of a person whose name or category would change."""
    top_photos_changed: Annotated[int, Field(ge=0, examples=[5])]
    """Those of them among the best hundred."""


class MergeSuggestions(Out):
    """Suggested merges: those that change the best photos first, the likeliest of them first."""

    total: Annotated[int, Field(ge=0, examples=[9])]
    suggestions: tuple[MergeSuggestionOut, ...]
