"""One picture from its bytes to its record and files, in the order of docs/assets.md."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from curation.domain.assets.record import AssetRecord, PersonRecord
from curation.domain.assets.states import RejectCode
from curation.domain.attributes.values import FaceAttributes
from curation.domain.bodies.cutting import composition
from curation.domain.bodies.person import FaceOfBody, Person
from curation.domain.outfits.outfit import Outfit
from curation.domain.outfits.reading import read_outfit
from curation.domain.outfits.signature import outfit_signature
from curation.engines.bodies.base import BodyMask
from curation.errors import AssetRejectedError, FaceAnalysisError
from curation.photos.files.lazy_photo import OpenPhoto
from curation.photos.files.own_colours import in_own_colours
from curation.photos.looks.asset_picture import asset_jpeg
from curation.pipelines.assets.cutting_out import cutout_files, mask_file
from curation.pipelines.assets.gate import check
from curation.pipelines.assets.masks import area_px, edge_contact, inside_certainty
from curation.pipelines.assets.setup import AssetNetworks, AssetSetup
from curation.pipelines.attributes.reading import read_attributes

__all__ = ["ANNOTATED", "CLOTHES", "MASK", "AssetPipeline", "AssetResult"]

logger = logging.getLogger(__name__)

ANNOTATED, CLOTHES, MASK = "annotated.jpg", "clothes.png", "mask.png"

_WORKING_PX = 1600
"""The longer side of the picture that networks and colours see, unless the picture is needed at full size anyway."""

_MIN_OF_TALLEST = 0.25
"""People below this share of the tallest one's height are passers-by in the background, whom nobody cuts out."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class AssetResult:
    """What was made of a picture.

    Attributes:
        record: What was found.
        files: Contents of the files beside it, by name, ordered by name.
    """

    record: AssetRecord
    files: Mapping[str, bytes]


@dataclass(slots=True)
class _Findings:
    """What is known so far; steps that fail leave their place empty and a note."""

    people: tuple[Person, ...]
    large: list[Person]
    masks: list[BodyMask] = field(default_factory=list)
    clothes: list[BodyMask] = field(default_factory=list)
    outfits: dict[int, Outfit] = field(default_factory=dict)
    signatures: dict[int, tuple[float, ...]] = field(default_factory=dict)
    attributes: dict[int, FaceAttributes] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


class AssetPipeline:
    """Takes pictures apart, one after the other; networks are loaded at the first one."""

    def __init__(
        self,
        setup: AssetSetup,
        networks: AssetNetworks | None = None,
        *,
        on_step: Callable[[str], None] | None = None,
    ) -> None:
        """Set what is done.

        Args:
            setup: Networks and limits.
            networks: Loaded networks; None loads those of the setup at the first picture.
            on_step: Called with the name of each step as it begins, and with an empty name at the end.
        """
        self._setup = setup
        self._loaded = networks
        self._on_step = on_step or _nothing

    def process(self, content: bytes, *, faces: Sequence[FaceOfBody] | None = None, name: str = "") -> AssetResult:
        """Take a picture apart.

        Args:
            content: Of its file.
            faces: Of the picture, if they are known; None finds them.
            name: Of its file; the extension tells some RAW files.

        Raises:
            AssetRejectedError: If the gate refuses it, or nobody is on it.
            PhotoUnreadableError: If it turns out to be damaged when it is decoded.
            FaceAnalysisError: If the networks for faces or people fail; later ones only leave a note.
            WeightsError: If a model file is missing or broken.
        """
        self._on_step("gate")
        photo = check(content, self._setup.limits, name=name)
        self._on_step("load")
        networks = self._networks()
        self._on_step("decode")
        self._decode(photo)
        self._on_step("faces")
        known = _found_faces(photo, networks) if faces is None else tuple(faces)
        self._on_step("people")
        people = networks.people.find(photo, known)
        if not people:
            raise AssetRejectedError(
                "nobody was found on the picture: choose one with a person on it", RejectCode.NO_PERSON.value
            )
        findings = self._findings(people)
        self._read_clothes(photo, networks, findings)
        self._read_attributes(photo, networks, findings)
        files = self._mask_files(photo, findings)
        self._on_step("record")
        record = AssetRecord(
            sha256=hashlib.sha256(content).hexdigest(),
            width=photo.width,
            height=photo.height,
            people=tuple(_person_record(each, photo, findings) for each in people),
            engine=self._setup.engine.name,
            weights=self._setup.weights,
        )
        self._on_step("annotated picture")
        files[ANNOTATED] = asset_jpeg(photo.reduced(_WORKING_PX), record)
        cut = self._finer_masks(photo, networks, findings)
        if cut:
            self._on_step("cut-outs")
            # From here on only the picture in its own colours is needed; the other one gives its memory back.
            own = in_own_colours(photo, content, max_megapixels=self._setup.limits.max_megapixels, name=name)
            del photo
            files.update(cutout_files(own, findings.large, cut))
        self._on_step("")
        ordered = dict(sorted(files.items()))
        return AssetResult(replace(record, files=tuple(ordered), notes=tuple(findings.notes)), ordered)

    def _networks(self) -> AssetNetworks:
        if self._loaded is None:
            self._loaded = self._setup.build(self._setup)
        return self._loaded

    def _decode(self, photo: OpenPhoto) -> None:
        """Decode once what all steps see, so that no step decodes a size of its own.

        Cut-outs need all pixels, in the colours of the file: if these are not the usual ones, they are decoded later.
        """
        if self._setup.cutout is not None and photo.icc_profile is None:
            photo.full()
        else:
            photo.reduced(_WORKING_PX)

    def _findings(self, people: tuple[Person, ...]) -> _Findings:
        """Who is looked at closely, and a note if somebody is not."""
        least = max(self._setup.min_person_px, _MIN_OF_TALLEST * max(each.box.h for each in people))
        findings = _Findings(people, [each for each in people if each.box.h >= least])
        if small := len(people) - len(findings.large):
            findings.notes.append(
                f"{small} of {len(people)} people: only boxes and skeletons, as they are smaller than "
                f"assets.min_person_px ({self._setup.min_person_px}) or than a quarter of the tallest person"
            )
        return findings

    def _read_clothes(self, photo: OpenPhoto, networks: AssetNetworks, findings: _Findings) -> None:
        large = findings.large
        if not large:
            return
        self._on_step("masks")
        masks = self._tried("the people's outlines", findings, lambda: networks.masks.segment(photo, large))
        if masks is None:
            return
        findings.masks = masks
        self._on_step("clothes")
        clothes = self._tried("clothes", findings, lambda: networks.clothes.segment(photo, large, masks))
        if clothes is None:
            return
        findings.clothes = clothes
        self._on_step("colours")
        pixels = photo.reduced(_WORKING_PX)
        for person, mask in zip(large, clothes, strict=True):
            if inside_certainty(mask) is not None:
                index = person.person_index
                findings.outfits[index] = read_outfit(pixels, mask, person, colours=self._setup.colours)
                findings.signatures[index] = outfit_signature(pixels, mask, person)

    def _read_attributes(self, photo: OpenPhoto, networks: AssetNetworks, findings: _Findings) -> None:
        seen = [each for each in findings.large if each.face is not None]
        if not networks.readers or not seen:
            return
        self._on_step("age and sex")
        places = [(each.face.box, each.face.landmarks) for each in seen if each.face is not None]
        read = self._tried(
            "age and sex", findings, lambda: read_attributes(photo, places, networks.readers, networks.predictor)
        )
        if read is not None:
            findings.attributes = {each.person_index: values for each, values in zip(seen, read, strict=True)}

    def _mask_files(self, photo: OpenPhoto, findings: _Findings) -> dict[str, bytes]:
        self._on_step("mask files")
        files: dict[str, bytes] = {}
        if findings.masks:
            files[MASK] = mask_file(findings.masks, photo.width, photo.height)
        if findings.clothes:
            files[CLOTHES] = mask_file(findings.clothes, photo.width, photo.height)
        return files

    def _finer_masks(self, photo: OpenPhoto, networks: AssetNetworks, findings: _Findings) -> Sequence[BodyMask]:
        """The masks that people are cut out with, one for each; empty if nobody is."""
        cutter = networks.cutouts
        if cutter is None or not findings.masks or cutter is networks.masks:
            return findings.masks if cutter is not None else ()
        self._on_step("fine masks")
        finer = self._tried("fine outlines", findings, lambda: cutter.segment(photo, findings.large))
        return findings.masks if finer is None else finer

    def _tried(self, what: str, findings: _Findings, step: Callable[[], _T]) -> _T | None:
        """The result of a step that others can do without; None, and a note, if its network fails."""
        try:
            return step()
        except FaceAnalysisError as error:
            logger.warning("%s: cannot tell: %s", what, error)
            findings.notes.append(f"{what}: cannot tell, a network failed ({error})")
            return None


def _nothing(name: str) -> None:
    pass


def _found_faces(photo: OpenPhoto, networks: AssetNetworks) -> tuple[FaceOfBody, ...]:
    return tuple(
        FaceOfBody(number, face.box, face.landmarks, min(1.0, max(0.0, float(face.confidence))))
        for number, face in enumerate(networks.faces.find(photo))
    )


def _person_record(person: Person, photo: OpenPhoto, findings: _Findings) -> PersonRecord:
    index = person.person_index
    place = next((n for n, each in enumerate(findings.large) if each.person_index == index), None)
    mask = findings.masks[place] if place is not None and findings.masks else None
    clothes = findings.clothes[place] if place is not None and findings.clothes else None
    contact = None if mask is None else edge_contact(mask, photo.width, photo.height)
    share = None
    if mask is not None and clothes is not None and area_px(mask) > 0:
        share = min(1.0, area_px(clothes) / area_px(mask))
    return PersonRecord(
        person=person,
        composition=composition(person, findings.people, photo.width, photo.height, contact=contact),
        outfit=findings.outfits.get(index),
        attributes=findings.attributes.get(index),
        clothes_share=share,
        mask_confidence=None if mask is None else inside_certainty(mask),
        clothes_confidence=None if clothes is None else inside_certainty(clothes),
        signature=findings.signatures.get(index, ()),
    )
