"""Edits by chance, stages in between, photos that move, and kills at any change of the file system.

Everything runs in forks of this process, with the real orchestrator and an engine for painted faces. Promises: a change
that was answered is never lost; one that was killed is there whole or not at all, and undo knows which; all files can
be read after every kill; the next run ends well; after it the tables are those of a run that nobody killed.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from curation.domain.faces.ids import photo_id
from curation.domain.judging.picks import PhotoPick, Pick
from curation.domain.labelling.corrections import CorrectionKind
from curation.domain.labelling.label_changes import LabelChange
from curation.domain.labelling.labels import Category
from curation.errors import CurationError
from curation.event.catalog import Catalog
from curation.event.people.correction_requests import CorrectionRequest, plan_correction
from curation.event.people.edits import PeopleEdits
from curation.pipelines.export.event import read_export_event
from curation.pipelines.said.words import read_picks_now, read_words
from curation.storage.said.undo_journal import UNDO
from curation.storage.together.manifest import MANIFEST, NEW_FILES
from tests.crash_points.forks import Fork, run_forked
from tests.fake_workflow import FakeEvent
from tests.soak.part import Soak, SoakPart

_NAMES = ("Anna", "Ben", "Cleo", "Dora", "é\u0301", "x" * 80)
_WORDS = ("cluster_labels.json", "corrections.json", "picks.json", "people_seen.json", "known_refused.json")
_STEPS = 12
_MOST_CHANGES = 170  # of both stages; a kill after the last one does not come


def run(soak: Soak) -> None:
    """Break things until the time is over."""
    for number, chance in enumerate(soak.rounds()):
        world = _World(soak, soak.folder / str(number), chance)
        for _ in range(_STEPS):
            world.step()
        shutil.rmtree(world.folder)


class _World:
    """One event, and what was answered."""

    def __init__(self, soak: Soak, folder: Path, chance: random.Random) -> None:
        self.soak, self.folder, self.chance = soak, folder, chance
        self.answered: dict[str, Any] = {}
        self.photos = 0
        event = FakeEvent(folder)
        for _ in range(5):
            self._add(event)
        self._demand(run_forked(self._stages, folder))
        self.answered = self._said()

    def step(self) -> None:
        """One thing that happens, killed more often than not."""
        happens = self.chance.choice((self._edit, self._edit, self._edit, self._files_change, self._run))
        happens()

    def _stages(self) -> None:
        event = FakeEvent(self.folder)
        event.cluster()
        event.score()

    def _run(self) -> None:
        kill_at = self.chance.randrange(1, _MOST_CHANGES) if self.chance.random() < 0.8 else None
        ended = run_forked(self._stages, self.folder, kill_at=kill_at)
        if not ended.killed:
            self._demand(ended)
        self.soak.counts["runs"] += 1
        self._after(ended)
        if ended.killed:
            self._demand(run_forked(self._stages, self.folder))
            outputs = self._outputs()
            self._demand(run_forked(self._stages, self.folder))
            self.soak.expect(self._outputs() == outputs, "a second run changes no byte")
        self._after(Fork(killed=False))

    def _after(self, ended: Fork) -> None:
        """What holds after every step: nothing that was answered is lost, and all can be read."""
        self.soak.counts["kills"] += ended.killed
        self._demand(run_forked(self._read_all, self.folder))
        self.soak.expect(self._said() == self.answered, f"nothing said is lost: {self._said()} is {self.answered}")
        self.soak.expect(not (self.folder / "out" / NEW_FILES / MANIFEST).exists(), "readers finish what was begun")

    def _read_all(self) -> None:
        settings = FakeEvent(self.folder).settings()
        catalog = Catalog(settings)
        read_words(settings)
        catalog.event(), catalog.labels(), catalog.photos_by_id(), catalog.words.said(), catalog.times()
        read_export_event(settings)
        PeopleEdits(settings, catalog).undoable()

    def _edit(self) -> None:
        seed = self.chance.random()
        settings = FakeEvent(self.folder).settings()
        kind = self.chance.choice(("label", "face", "merge", "undo", "pick", "refuse"))

        def act() -> None:
            chance = random.Random(seed)
            catalog = Catalog(settings)
            edits = PeopleEdits(settings, catalog)
            try:
                _EDITS[kind](catalog, edits, chance)
            except CurationError:
                return  # refused: nothing may have changed, which is checked like everything else

        before, picks = self.answered, read_picks_now(self.folder / "out")
        ended = run_forked(act, self.folder, kill_at=self.chance.choice((None, *range(1, 40))))
        self._demand(ended)
        self._demand(run_forked(self._read_all, self.folder))
        found = self._said()
        self.soak.counts["edits"] += 1
        if ended.killed:
            changed = [name for name in found if found[name] != before[name]]
            journals = [name for name in changed if name in (UNDO, "picks_undo.json")]
            # The journal of picks is written before them; all else is written together.
            if changed == ["picks.json"] and read_picks_now(self.folder / "out") == picks:
                changed = []  # only under other names: photos were renamed since
            is_whole = not changed or changed == ["picks_undo.json"] or (len(journals) == 1 and len(changed) > 1)
            self.soak.expect(is_whole, f"half of an edit is there ({kind}): {changed}")
        self.answered = found
        self._after(ended)

    def _files_change(self) -> None:
        event = FakeEvent(self.folder)
        files = sorted(path for path in event.photos.rglob("*.png"))
        what = self.chance.choice(("move", "rename", "add", "away"))
        if what == "move":
            inside = event.photos / f"trip {self.chance.randrange(100)}"
            inside.mkdir(exist_ok=True)
            for path in files:
                path.rename(inside / f"{path.parent.name}-{path.name}"[-60:])
        elif what == "rename":
            for path in files:
                path.rename(path.with_name(f"{self.chance.randrange(10**6):06}{path.name}"[-40:]))
        elif what == "away" and len(files) > 3:
            self.chance.choice(files).unlink()
        else:
            self._add(event)
        self._run()

    def _add(self, event: FakeEvent) -> None:
        self.photos += 1
        people = self.chance.sample(range(6), self.chance.randrange(1, 4))
        event.add(f"{self.photos}.png", *people, seed=self.photos)

    def _said(self) -> dict[str, Any]:
        """The content of all files of words, and of the journals, without what chance alone decides."""
        out: dict[str, Any] = {}
        picks_undo = FakeEvent(self.folder).settings().event_dir / "picks_undo.json"
        for path in (*(self.folder / "out" / name for name in (*_WORDS, UNDO)), picks_undo):
            out[path.name] = json.loads(path.read_text()) if path.exists() else None
        # Picks follow their photos: which path says them may change with a run.
        return out

    def _outputs(self) -> dict[str, bytes]:
        return FakeEvent(self.folder).snapshot()

    def _demand(self, ended: Fork) -> None:
        self.soak.expect(not ended.error, f"ended with {ended.error}")


def _label(catalog: Catalog, edits: PeopleEdits, chance: random.Random) -> None:
    clusters = sorted(catalog.event().photo_counts)
    chosen = chance.choice(clusters)
    change = LabelChange(name=chance.choice((*_NAMES, None)), category=chance.choice(list(Category)))
    edits.change_labels(lambda _: (chosen,), change, "labelled")


def _face(catalog: Catalog, edits: PeopleEdits, chance: random.Random) -> None:
    event = catalog.event()
    path = chance.choice(sorted(event.image_paths))
    face = chance.choice(event.faces_of_photo(photo_id(path))).face_id
    kind = chance.choice((CorrectionKind.NOT_A_FACE, CorrectionKind.DIFFERENT_PEOPLE, CorrectionKind.COVER))
    name = chance.choice((*_NAMES, None)) if kind is CorrectionKind.DIFFERENT_PEOPLE else None
    request = CorrectionRequest(kind, face_ids=(face,), name=name)
    edits.correct(lambda next_id: plan_correction(catalog, request, next_id), "corrected")


def _merge(catalog: Catalog, edits: PeopleEdits, chance: random.Random) -> None:
    clusters = sorted(catalog.event().photo_counts)
    chosen = tuple(chance.choices(clusters, k=2))
    kind = chance.choice((CorrectionKind.SAME_PERSON, CorrectionKind.DIFFERENT_PEOPLE, CorrectionKind.NOT_A_PERSON))
    request = CorrectionRequest(kind, cluster_ids=chosen)
    edits.correct(lambda next_id: plan_correction(catalog, request, next_id), "corrected")


def _undo(catalog: Catalog, edits: PeopleEdits, chance: random.Random) -> None:
    if chance.random() < 0.3:
        catalog.picks_undo.undo()
    else:
        edits.undo()


def _pick(catalog: Catalog, edits: PeopleEdits, chance: random.Random) -> None:
    paths = sorted(known.image_path for known in catalog.photos_by_id().values())
    said = PhotoPick(chance.choice((None, *Pick)), chance.choice((None, 1, 5)))
    catalog.ranked.change(lambda _: {chance.choice(paths): said})


def _refuse(catalog: Catalog, edits: PeopleEdits, chance: random.Random) -> None:
    edits.refuse_known("p1", "Anna", chance.choice(sorted(catalog.event().photo_counts)))


_EDITS: dict[str, Callable[[Catalog, PeopleEdits, random.Random], None]] = {
    "label": _label,
    "face": _face,
    "merge": _merge,
    "undo": _undo,
    "pick": _pick,
    "refuse": _refuse,
}

PART = SoakPart("together", "edits, stages and moved photos, killed anywhere: nothing said is lost, no half edit", run)
