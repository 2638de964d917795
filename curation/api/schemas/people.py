"""People, corrections and suggestions over HTTP."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from curation.api.schemas.base import Out, Page
from curation.api.schemas.labels import LabelIn
from curation.domain.faces.ids import FACE_ID_PATTERN
from curation.domain.labelling.corrections import Correction, CorrectionKind
from curation.domain.labelling.labels import MAX_NAME_CHARS, Category
from curation.domain.labelling.merging import UNCHANGED, LabelChange
from curation.event.people.view import PersonView

__all__ = [
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
    "PersonOut",
    "PersonPage",
    "PersonPatch",
    "UndoOut",
]

MAX_CLUSTERS = 50_000
MAX_FACES = 20_000
MAX_CLUSTER_ID = 999_999_999

ClusterIdValue = Annotated[int, Field(ge=0, le=MAX_CLUSTER_ID, examples=[3])]
FaceIdValue = Annotated[str, Field(pattern=FACE_ID_PATTERN, examples=["5b41f1e3a0c9d27e-0"])]
ClusterIds = Annotated[tuple[ClusterIdValue, ...], Field(max_length=MAX_CLUSTERS)]
FaceIds = Annotated[tuple[FaceIdValue, ...], Field(max_length=MAX_FACES)]
Name = Annotated[str | None, Field(max_length=MAX_NAME_CHARS, examples=["Anna"])]


class PersonOut(Out):
    """A cluster of faces that count as one person, corrections included."""

    cluster_id: ClusterIdValue
    name: Name
    """As in the labels; null without a name."""
    category: Annotated[Category | None, Field(examples=["main"])]
    """As in the labels; null for a person that the labels leave out."""
    display_name: Annotated[str, Field(examples=["person 3"])]
    """The name, or a stand-in for it."""
    photos: Annotated[int, Field(ge=0, examples=[55])]
    """Photos with at least one of the faces."""
    faces: Annotated[int, Field(ge=0, examples=[57])]
    best_face_id: FaceIdValue
    """The face to show; its picture is at `/faces/{face_id}/picture`."""
    sample_face_ids: tuple[FaceIdValue, ...]
    """Up to a dozen faces, from the best to poor ones."""
    same_name: tuple[ClusterIdValue, ...] = ()
    """Other clusters with this name: they count as the same person. Only given for a single person."""

    @classmethod
    def of(cls, view: PersonView) -> PersonOut:
        """The person."""
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
        )


class PersonPage(Page):
    """People, the one in the most photos first."""

    people: tuple[PersonOut, ...]


class _Change(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[Name, Field(description="Null takes the name away; left out, it stays.")] = None
    category: Annotated[Category | None, Field(description="Null takes it away; left out, it stays.")] = None

    @property
    def change(self) -> LabelChange:
        """What was said."""
        said = self.model_fields_set
        return LabelChange(
            name=self.name if "name" in said else UNCHANGED,
            category=self.category if "category" in said else UNCHANGED,
        )


class PersonPatch(_Change):
    """What to change of a person's label; what is left out stays."""

    @model_validator(mode="after")
    def _says_something(self) -> PersonPatch:
        if not self.model_fields_set:
            raise ValueError("say a name or a category")
        return self


class PeoplePatch(_Change):
    """A change of many people: of those in `ids`, or of all strangers with few photos."""

    ids: ClusterIds = ()
    strangers_below_photos: Annotated[
        int | None,
        Field(ge=1, le=1_000_000, description="People without a label, on fewer photos than that, become `other`."),
    ] = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> PeoplePatch:
        says_label = bool({"name", "category"} & self.model_fields_set)
        if self.strangers_below_photos is not None:
            if self.ids or says_label:
                raise ValueError("strangers_below_photos goes without ids, name and category")
        elif not self.ids or not says_label:
            raise ValueError("say ids with a name or a category, or strangers_below_photos")
        return self


class PeopleChanged(Out):
    """What a change of many did."""

    changed: Annotated[int, Field(ge=0, examples=[12])]
    """Clusters whose label is another one now; clusters of the same name are counted, too."""


class LabelConflictOut(BaseModel):
    """A cluster that somebody else labelled otherwise meanwhile; in `conflicts` of a problem."""

    cluster_id: int
    yours: Category | LabelIn | None
    theirs: Category | LabelIn | None


class NamesOut(Out):
    """Names that begin with what was typed, those of most photos first."""

    names: tuple[str, ...]


class CorrectionIn(BaseModel):
    """What is wrong with the grouping.

    `same_person` with `cluster_ids`: these are one person. `same_person` with `face_ids` and `cluster_id`: these faces
    are that person. `different_people` with `face_ids`: these faces are someone else: a new person, or `cluster_id`, or
    whoever has the `name`. `different_people` with two `cluster_ids`: they are not the same. `not_a_face` with
    `face_ids`. `not_a_person` with `cluster_ids`: a statue, a poster.
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
        Field(description="Who the faces are; of a merge, whose id and label remain (else the better labelled one's)."),
    ] = None
    name: Annotated[Name, Field(description="Who the faces are, by name.")] = None

    @model_validator(mode="after")
    def _fits_together(self) -> CorrectionIn:
        clusters, faces = len(set(self.cluster_ids)), len(self.face_ids)
        if (clusters > 0) is (faces > 0):
            raise ValueError("say either cluster_ids or face_ids")
        if self.kind is CorrectionKind.SAME_PERSON and clusters == 1:
            raise ValueError("a merge needs two cluster_ids")
        if self.kind is CorrectionKind.SAME_PERSON and faces and self.cluster_id is None and not self.name:
            raise ValueError("say who the faces are: cluster_id or name")
        if self.kind is CorrectionKind.SAME_PERSON and clusters and self.name is not None:
            raise ValueError("a merge takes no name; name the person afterwards")
        if self.kind is CorrectionKind.SAME_PERSON and clusters and self.cluster_id not in (None, *self.cluster_ids):
            raise ValueError("cluster_id must be one of cluster_ids")
        if self.kind is CorrectionKind.DIFFERENT_PEOPLE and clusters not in (0, 2):
            raise ValueError("two cluster_ids are needed to say that they differ")
        is_about_who = self.kind in (CorrectionKind.SAME_PERSON, CorrectionKind.DIFFERENT_PEOPLE)
        has_target = self.cluster_id is not None or self.name is not None
        if has_target and (not is_about_who or (self.kind is CorrectionKind.DIFFERENT_PEOPLE and clusters)):
            raise ValueError("cluster_id and name do not belong here")
        if self.cluster_id is not None and self.name is not None:
            raise ValueError("say either cluster_id or name")
        if self.kind is CorrectionKind.NOT_A_FACE and not faces:
            raise ValueError("not_a_face needs face_ids")
        if self.kind is CorrectionKind.NOT_A_PERSON and not clusters:
            raise ValueError("not_a_person needs cluster_ids")
        return self


class CorrectionOut(Out):
    """One line of corrections.json."""

    id: Annotated[str, Field(examples=["7f0c4be9d93c.0"])]
    """What was said at once has the same part before the point, and is taken back at once."""
    at: Annotated[str, Field(examples=["2026-06-20T21:14:03.512+00:00"])]
    kind: CorrectionKind
    cluster_id: ClusterIdValue | None
    """Who the faces are; null for `not_a_face`."""
    faces: Annotated[int, Field(ge=0, examples=[4])]
    """Faces that it is about."""
    others: Annotated[int, Field(ge=0, examples=[51])]
    """Faces of the person that they were told apart from, or joined with."""
    undone: bool

    @classmethod
    def of(cls, correction: Correction) -> CorrectionOut:
        """Without the single faces."""
        return cls(
            id=correction.id,
            at=correction.at,
            kind=correction.kind,
            cluster_id=None if correction.cluster < 0 else correction.cluster,
            faces=len(correction.faces),
            others=len(correction.others),
            undone=correction.undone,
        )


class CorrectionsOut(Out):
    """What one action noted."""

    id: Annotated[str | None, Field(examples=["7f0c4be9d93c"])]
    """For taking it back: `DELETE /corrections/{id}`; null if nothing had to be said."""
    cluster_id: ClusterIdValue | None
    """Who the faces count to now; null for what is no person."""
    corrections: tuple[CorrectionOut, ...]


class CorrectionPage(Page):
    """Corrections, the newest first."""

    corrections: tuple[CorrectionOut, ...]


class UndoOut(Out):
    """What was taken back, or would be."""

    what: Annotated[str | None, Field(examples=["merged person 7 into Anna"])]
    """Null if there is nothing to take back."""
    left: Annotated[int, Field(ge=0, examples=[11])]
    """Changes that can be taken back after it."""


class MergeSuggestionOut(Out):
    """Two people who may be the same one."""

    first: PersonOut
    """The one whose label would remain."""
    second: PersonOut
    likeness: Annotated[float, Field(ge=0, le=1, examples=[0.81])]
    """1 for two that the grouping nearly joined, 0 for two that are as unlike as most."""
    photos_changed: Annotated[int, Field(ge=0, examples=[14])]
    """Photos with a person whose name or category would change."""
    top_photos_changed: Annotated[int, Field(ge=0, examples=[5])]
    """Those of them that are among the best hundred."""


class MergeSuggestions(Out):
    """Questions, the one whose answer changes most first."""

    total: Annotated[int, Field(ge=0, examples=[9])]
    suggestions: tuple[MergeSuggestionOut, ...]
