"""What a user says over HTTP and by scripts: each answered change is kept, and none is half done."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from curation.domain.faces.ids import photo_id
from curation.domain.judging.picks import PhotoPick
from curation.domain.labelling.corrections import CorrectionKind
from curation.domain.labelling.label_changes import LabelChange
from curation.domain.labelling.labels import Category
from curation.event.catalog import Catalog
from curation.event.people.correction_requests import CorrectionRequest, plan_correction
from curation.event.people.edits import PeopleEdits
from tests.crash_points.scenario import Scenario, Step, tree
from tests.crash_points.scenarios.stages import filled_event
from tests.fake_workflow import FakeEvent
from tests.service import FakeOrchestrator, service

__all__ = ["SCENARIOS"]

_PHOTOS = ("a/IMG_0000.png", "b/IMG_0001.png", "a/IMG_0002.png")


class _Edits(Scenario):
    """Edits of an event that both stages went through."""

    is_atomic = True

    def prepare(self, folder: Path) -> None:
        filled_event(folder, stages=True)
        (folder / "config.yaml").write_text("scoring:\n  weights:\n    eyes: 3.0  # my own\n", encoding="utf-8")

    def state(self, folder: Path) -> Mapping[str, Any]:
        event = FakeEvent(folder)
        settings = event.settings()
        catalog = Catalog(settings)
        labels = catalog.labels()
        undoable = PeopleEdits(settings, catalog).undoable()
        return {
            "labels": {str(cluster): str(label) for cluster, label in sorted(labels.by_cluster.items())},
            "clusters": [int(cluster) for cluster in catalog.event().cluster_ids],
            "corrections": [[one.kind, one.undone, len(one.faces)] for one in catalog.faces.corrections()],
            "picks": {path: str(pick) for path, pick in sorted(catalog.ranked.picks().by_path.items())},
            "undo": None if undoable is None else [undoable.what, undoable.left],
            "config": (folder / "config.yaml").read_text(encoding="utf-8"),
        }

    def leaves(self, folder: Path) -> Mapping[str, str]:
        """After the next stages, which clear away what a killed process left."""
        event = FakeEvent(folder)
        event.cluster()
        event.score()
        # Corrections have ids by chance; the ranking is written when the user pauses, and when the service ends.
        own = (
            *("corrections.json", "said.json", "undo.json", "picks_undo.json", "photo_scores.csv"),
            *("clustering_run.json", "scoring_run.json"),
        )
        found = tree(folder, without_content=own, ignored=(".log", "jobs.sqlite3"))
        return {name: digest for name, digest in found.items() if "/pictures/" not in name}


class _Scripted(_Edits):
    """By the classes that the routes use."""

    name = "edits"
    what = "labels, corrections, picks and undo by the classes that the service uses"

    @contextmanager
    def steps(self, folder: Path) -> Iterator[Sequence[Step]]:
        settings = FakeEvent(folder).settings()
        catalog = Catalog(settings)
        edits = PeopleEdits(settings, catalog)

        def label(cluster: int, name: str, category: Category) -> Step:
            change = LabelChange(name=name, category=category)
            return lambda: edits.change_labels(lambda _: (cluster,), change, name)

        def split(cluster: int, kind: CorrectionKind, name: str | None = None) -> Step:
            def correct() -> None:
                (face, *_) = catalog.event().faces_of_cluster(cluster)
                request = CorrectionRequest(kind, face_ids=(face.face_id,), name=name)
                edits.correct(lambda next_id: plan_correction(catalog, request, next_id), kind.value)

            return correct

        def pick(path: str, rating: int) -> Step:
            return lambda: catalog.ranked.change(lambda _: {path: PhotoPick(rating=rating)})

        yield (
            label(0, "Anna", Category.MAIN),
            pick(_PHOTOS[0], 4),
            split(1, CorrectionKind.NOT_A_FACE),
            label(1, "Ben", Category.IMPORTANT),
            split(2, CorrectionKind.DIFFERENT_PEOPLE, "Cara"),
            pick(_PHOTOS[1], 2),
            edits.undo,
            edits.undo,
            label(3, "Dora", Category.OTHER),
            pick(_PHOTOS[0], 5),
        )


class _OverHttp(_Edits):
    """By requests; a step is over when its answer came."""

    name = "edits over HTTP"
    what = "labels, corrections, picks, rules and undo by requests to the service"

    @contextmanager
    def steps(self, folder: Path) -> Iterator[Sequence[Step]]:
        workflow = FakeEvent(folder).workflow()
        with service(workflow.settings, cast(FakeOrchestrator, workflow)) as client:

            def send(method: str, url: str, body: object = None) -> Step:
                def ask() -> None:
                    options = {} if body is None else {"json": body}
                    answer = client.request(method, url, **options)
                    assert answer.status_code < 300, f"{method} {url}: {answer.text}"

                return ask

            def faces(cluster: int) -> list[str]:
                catalog = Catalog(workflow.settings)
                return [face.face_id for face in catalog.event().faces_of_cluster(cluster)]

            def split() -> None:
                body = {"kind": "different_people", "face_ids": faces(2)[:2], "name": "Cara"}
                send("POST", "/corrections", body)()

            yield (
                send("PATCH", "/people/0", {"name": "Anna", "category": "main"}),
                send("PUT", f"/picks/{photo_id(_PHOTOS[0])}", {"rating": 4}),
                send("POST", "/corrections", {"kind": "not_a_face", "face_ids": faces(1)[:1]}),
                split,
                send("PUT", "/rules", {"scoring": {"weights": {"focus": 2.5}}}),
                send("POST", "/undo"),
                send("POST", "/corrections", {"kind": "same_person", "cluster_ids": [1, 3]}),
                send("PUT", f"/picks/{photo_id(_PHOTOS[1])}", {"pick": "rejected"}),
                send("PUT", "/labels", json.loads('{"0": {"name": "Ann", "category": "main"}, "2": "other"}')),
                send("POST", "/undo"),
            )


SCENARIOS: tuple[Scenario, ...] = (_Scripted(), _OverHttp())
