"""Random edits of an event over HTTP, and a model of what was answered.

Labels, corrections, picks, rules and undo, valid and not, alone and at once, with both stages in between and the
service started anew. After each request the model must hold: no answer is a fault of the program, what was refused
changed nothing, what was answered stands in the files and is what the pages and operations tell, and undoing everything
gives back what there was.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

import httpx

from tests.fake_workflow import FakeEvent, fake_event
from tests.hostile_files import FRAGMENTS
from tests.service import FakeOrchestrator, ServiceClient, service

__all__ = ["RandomEdits"]

_NAMES = (
    "Anna",
    "anna",
    " Tom ",
    "Ünal Ö",
    "",
    "x" * 200,
    "x" * 201,
    "a\u0000b",
    "\ud800",
    "=1+1",
    "<b>",
    "main",
    None,
)
_CATEGORIES = ("main", "important", "other", "none", "", 3, None)
_FILES = ("cluster_labels.json", "corrections.json", "picks.json")
_PAGES = ("/people", "/photos", "/", "/clusters", "/corrections", "/picks", "/suggestions/merges", "/unfound", "/rules")
_PHOTOS = 14
_PEOPLE = 6
_MOST_CHANGES = 150  # the service keeps 200

Said = dict[str, Any]
"""What operations tell of the user's words: labels, corrections that count, and picks."""


class BrokenPromise(AssertionError):
    """What was promised and does not hold."""


class RandomEdits:
    """An event with its service, and a user who edits it at random."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        """Paint photos, look them through and start the service."""
        self.chance = chance
        self.counts: Counter[str] = Counter()
        self._kept_changes = 0  # that are not undone for the moment
        self._stack = ExitStack()
        self._event: FakeEvent = self._stack.enter_context(fake_event(folder))
        self._service = ExitStack()
        for number in range(_PHOTOS):
            people = [chance.randrange(_PEOPLE) for _ in range(chance.randint(1, 3))]
            self._event.add(f"{'abc'[number % 3]}/{number} [é].png", *people, seed=number)
        (folder / "config.yaml").write_text("# mine\nscoring:\n  weights:\n    smile: 0.2 # kept\n")
        self._event.cluster()
        self._event.score()
        self._client = self._started()

    def close(self) -> None:
        """End the service."""
        self._service.close()
        self._stack.close()

    def _started(self) -> ServiceClient:
        settings = self._event.settings()

        def build(_: object) -> FakeOrchestrator:
            return cast(FakeOrchestrator, self._event.workflow())

        return self._service.enter_context(
            service(settings, cast(FakeOrchestrator, self._event.workflow()), build=build)
        )

    # --- What is asked, and what must hold ------------------------------------------------------------------

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request; an answer that is a fault of the program breaks a promise."""
        try:
            answer = self._client.request(method, path, **options)
        except (UnicodeError, ValueError):
            answer = httpx.Response(400)  # the client itself cannot send it
        self.counts[f"{answer.status_code // 100}xx"] += 1
        shown = f"{method} {path} {str(options)[:300]} -> {answer.status_code} {answer.text[:300]}"
        self.expect(answer.status_code < 500, f"no answer is a fault of the program: {shown}")
        return answer

    def expect(self, condition: object, promise: str) -> None:
        """Fail unless the condition holds."""
        if not condition:
            raise BrokenPromise(promise)

    def said(self) -> Said:
        """What the operations tell."""
        answers = [self.ask("GET", path) for path in ("/labels", "/corrections?limit=1000", "/picks?limit=1000")]
        self.expect(
            all(answer.status_code == 200 for answer in answers), f"{[answer.text[:600] for answer in answers]}"
        )
        labels, corrections, picks = (answer.json() for answer in answers)
        return {
            "labels": labels,
            "corrections": [
                (one["id"], one["kind"], one["cluster_id"]) for one in corrections["corrections"] if not one["undone"]
            ],
            "picks": {one["image_path"]: (one["pick"], one["rating"]) for one in picks["picks"]},
        }

    def files(self) -> dict[str, bytes]:
        """The files of the user's words; one without words is as good as none."""
        found = {name: self._event.output / name for name in _FILES if (self._event.output / name).exists()}
        contents = {name: path.read_bytes() for name, path in found.items()}
        return {name: content for name, content in contents.items() if json.loads(content).get("corrections") != []}

    def check(self) -> None:
        """What the operations tell is what stands in the files, and the pages say nothing else."""
        said, files = self.said(), self.files()
        labels = json.loads(files.get("cluster_labels.json", b"{}"))
        self.expect(said["labels"] == labels, f"the labels told are those of the file: {said['labels']} {labels}")
        written = json.loads(files.get("corrections.json", b'{"corrections": []}'))["corrections"]
        counting = {one["id"] for one in written if not one["undone"]}
        told = {one[0] for one in said["corrections"]}
        self.expect(told == counting, f"the corrections told are those of the file: {told} {counting}")
        picks = {
            path: (one.get("pick"), one.get("rating"))
            for path, one in json.loads(files.get("picks.json", b'{"photos": {}}'))["photos"].items()
        }
        self.expect(said["picks"] == picks, f"the picks told are those of the file: {said['picks']} {picks}")
        for page in self.chance.sample(_PAGES, 2):
            self.ask("GET", page, headers={"accept": self.chance.choice(("text/html", "application/json"))})
        names = {label["name"] for label in labels.values() if isinstance(label, dict) and label.get("name")}
        known = set(self.ask("GET", "/people/names").json()["names"])
        self.expect(known <= names | set(), f"only names that were given are proposed: {known} {names}")

    # --- Edits ----------------------------------------------------------------------------------------------

    def edit(self) -> None:
        """One request that may change something."""
        kinds: list[tuple[Callable[[], None], int]] = [
            (self._label, 8),
            (self._label_many, 3),
            (self._put_labels, 3),
            (self._correct, 8),
            (self._undo_correction, 2),
            (self._undo, 4),
            (self._pick, 6),
            (self._pick_many, 2),
            (self._undo_picks, 3),
            (self._rules, 1),
            (self._unfound, 1),
            (self._hostile, 3),
            (self._at_once, 1),
        ]
        self.chance.choices([kind for kind, _ in kinds], [weight for _, weight in kinds])[0]()
        self.counts["edits"] += 1

    def _changed_only_if_taken(self, method: str, path: str, **options: Any) -> httpx.Response:
        before = self.files()
        answer = self.ask(method, path, **options)
        if answer.status_code >= 400:
            after = self.files()
            changed = {
                name: (before.get(name), after.get(name)) for name in _FILES if before.get(name) != after.get(name)
            }
            self.expect(
                not changed, f"what was refused changed nothing: {method} {path} {options} {answer.text} {changed}"
            )
        return answer

    def _clusters(self) -> list[int]:
        found = [one["cluster_id"] for one in self.ask("GET", "/people?limit=500").json()["people"]]
        return [*found, 999_999_999, -1, 10**30] if self.chance.random() < 0.1 else found or [0]

    def _faces(self, cluster: int) -> list[str]:
        answer = self.ask("GET", f"/clusters/{cluster}/faces?limit=500")
        found = [one["face_id"] for one in answer.json().get("faces", [])] if answer.status_code == 200 else []
        return [*found, "0" * 16 + "-0", "nobody"] if self.chance.random() < 0.1 else found

    def _photos(self) -> list[tuple[str, str]]:
        return [(one["photo_id"], one["image_path"]) for one in self.ask("GET", "/photos?limit=500").json()["photos"]]

    def _if_match(self) -> dict[str, str]:
        match self.chance.randrange(4):
            case 0:
                return {"if-match": self.ask("GET", "/labels").headers["etag"]}
            case 1:
                return {"if-match": self.chance.choice(('"wrong"', "*", "", "W/" + '"a"', '"' + "x" * 5000 + '"', ","))}
            case _:
                return {}

    def _change(self) -> dict[str, Any]:
        if self.chance.random() < 0.6:  # as a user would; else whatever comes
            return {"name": self.chance.choice(_NAMES[:4]), "category": self.chance.choice(_CATEGORIES[:3])}
        out: dict[str, Any] = {}
        if self.chance.random() < 0.7:
            out["name"] = self.chance.choice(_NAMES)
        if self.chance.random() < 0.6:
            out["category"] = self.chance.choice(_CATEGORIES)
        return out

    def _label(self) -> None:
        cluster, change = self.chance.choice(self._clusters()), self._change()
        answer = self._changed_only_if_taken("PATCH", f"/people/{cluster}", json=change, headers=self._if_match())
        if answer.status_code == 200:
            told, label = answer.json(), self.said()["labels"].get(str(cluster))
            stands = (
                (label, None) if isinstance(label, str) else ((label or {}).get("category"), (label or {}).get("name"))
            )
            self.expect((told["category"], told["name"]) == stands, f"what was answered stands there: {told} {label}")

    def _label_many(self) -> None:
        clusters = self._clusters()
        ids = self.chance.sample(clusters, self.chance.randint(1, len(clusters)))
        body = {"strangers_below_photos": 2} if self.chance.random() < 0.2 else {"ids": ids, **self._change()}
        self._changed_only_if_taken("PATCH", "/people", json=body, headers=self._if_match())

    def _put_labels(self) -> None:
        labels: dict[str, Any] = {}
        for cluster in self._clusters():
            if self.chance.random() < 0.6:
                name, category = (
                    self.chance.choice(_NAMES),
                    self.chance.choice(("main", "important", "other", "other", 7)),
                )
                labels[str(cluster)] = category if name is None else {"name": name, "category": category}
        answer = self._changed_only_if_taken("PUT", "/labels", json=labels, headers=self._if_match())
        if answer.status_code == 200:
            self.expect(answer.json() == self.said()["labels"], "the labels that were answered stand there")

    def _correct(self) -> None:
        clusters = self._clusters()
        some = self.chance.sample(clusters, min(len(clusters), self.chance.randint(1, 3)))
        faces = self._faces(some[0])
        chosen = self.chance.sample(faces, min(len(faces), self.chance.randint(0, 3)))
        to: dict[str, Any] = self.chance.choice(
            ({}, {"cluster_id": self.chance.choice(clusters)}, {"name": self.chance.choice(_NAMES)})
        )
        if self.chance.random() < 0.6:
            to = self.chance.choice(
                ({}, {"cluster_id": self.chance.choice(clusters)}, {"name": self.chance.choice(_NAMES[:4])})
            )
        kind = self.chance.choice(
            ("same_person", "different_people", "not_a_face", "not_a_person", "cover", "face", "nothing")
        )
        about: dict[str, Any] = self.chance.choice(({"cluster_ids": some}, {"face_ids": chosen}, {"face_ids": chosen}))
        body = {"kind": kind, **about, **to}
        if faces and self.chance.random() < 0.6:  # as a user would
            one = self.chance.sample(faces, 1)
            body = self.chance.choice(
                (
                    {"kind": "same_person", "cluster_ids": clusters[:2] if len(clusters) > 1 else some},
                    {"kind": "different_people", "face_ids": one},
                    {"kind": "different_people", "face_ids": one, "name": self.chance.choice(_NAMES[:4])},
                    {"kind": "same_person", "face_ids": one, "cluster_id": self.chance.choice(clusters)},
                    {"kind": "not_a_face", "face_ids": one},
                    {"kind": "not_a_person", "cluster_ids": some[:1]}
                    if len(clusters) > 4
                    else {"kind": "cover", "face_ids": one},
                )
            )
        before = {one[0] for one in self.said()["corrections"]}
        answer = self._changed_only_if_taken("POST", "/corrections", json=body, headers=self._if_match())
        if answer.status_code == 201:
            new = {one["id"] for one in answer.json()["corrections"]}
            after = {one[0] for one in self.said()["corrections"]}
            self.expect(after == before | new, f"a correction is added, and all others stay: {body}")
            self.counts["corrections"] += 1
            if self.chance.random() < 0.3:  # twice, as a double click does
                self._changed_only_if_taken("POST", "/corrections", json=body)

    def _undo_correction(self) -> None:
        ids = [one[0] for one in self.said()["corrections"]] or ["0" * 12]
        name = self.chance.choice([*ids, "x", "0" * 12])
        answer = self._changed_only_if_taken("DELETE", f"/corrections/{name}")
        if answer.status_code == 200:
            gone = {one["id"] for one in answer.json()["corrections"]}
            self.expect(
                not gone & {one[0] for one in self.said()["corrections"]}, "an undone correction counts no more"
            )

    def _undo(self) -> None:
        if self.undo_count() > self._kept_changes or self._kept_changes == 0:
            self._changed_only_if_taken("POST", "/undo")

    def _pick(self) -> None:
        photo, path = self.chance.choice(self._photos())
        body = {
            "pick": self.chance.choice(("picked", "rejected", None, "none", 5)),
            "rating": self.chance.choice((1, 5, None, 0, 6, True, "5", 10**400, 2.5)),
        }
        answer = self._changed_only_if_taken("PUT", f"/picks/{photo}", json=body)
        if answer.status_code == 200:
            stands = self.said()["picks"].get(path, (None, None))
            after = answer.json()
            self.expect((after["pick"], after["rating"]) == stands, f"the pick stands there: {answer.text} {stands}")

    def _pick_many(self) -> None:
        photos = self.chance.sample(self._photos(), 4)
        changes = [{"photo_id": photo, "pick": self.chance.choice(("picked", "rejected", None))} for photo, _ in photos]
        if self.chance.random() < 0.2:
            changes.append({"photo_id": "f" * 16, "pick": "picked"})
        self._changed_only_if_taken("PATCH", "/picks", json={"changes": changes})

    def _undo_picks(self) -> None:
        self._changed_only_if_taken("POST", self.chance.choice(("/picks/undo", "/picks/undo", "/picks/redo")))

    def _rules(self) -> None:
        value = self.chance.choice((0.1, 0.3, -1, 10**400, "x", None, True))
        self.ask("PUT", "/rules", json={"rules": {"weights": {"smile": value}}}, headers=self._if_match())

    def _unfound(self) -> None:
        words = self.ask("GET", "/unfound").json().get("words", [])
        if words:
            word = self.chance.choice(words)
            self._changed_only_if_taken("DELETE", f"/unfound/{word['kind']}/{word['id']}")

    def _hostile(self) -> None:
        """A body that no client sends."""
        method, path = self.chance.choice(
            (
                ("PUT", "/labels"),
                ("PATCH", "/people/0"),
                ("PATCH", "/people"),
                ("POST", "/corrections"),
                ("PATCH", "/picks"),
                ("PUT", f"/picks/{self.chance.choice(self._photos())[0]}"),
                ("PUT", "/rules"),
                ("POST", "/rules/preview"),
                ("POST", "/choice"),
            )
        )
        fragment = self.chance.choice(FRAGMENTS)
        body = self.chance.choice(
            (
                fragment,
                f'{{"0": {fragment}}}',
                f'{{"name": {fragment}}}',
                f'{{"kind": "same_person", "cluster_ids": {fragment}}}',
                f'{{"ids": {fragment}, "name": "A"}}',
                f'{{"changes": {fragment}}}',
                f'{{"pick": {fragment}}}',
                f'{{"rating": {fragment}}}',
                f'{{"rules": {fragment}}}',
                f'{{"kind": "cover", "face_ids": {fragment}}}',
                f'{{"name": "A", "category": {fragment}}}',
            )
        )
        kind = self.chance.choice(
            ("application/json", "application/json", "application/json", "text/plain", "", "a/b; charset=\xff")
        )
        headers = {"content-type": kind.encode("latin-1")}
        self._changed_only_if_taken(method, path, content=body.encode("utf-8", "surrogatepass"), headers=headers)

    def _at_once(self) -> None:
        """Several edits that know the same labels: one is taken, the others are told, and none is half there."""
        cluster = self.chance.choice(self._clusters())
        etag = self.ask("GET", "/labels").headers["etag"]
        names = [f"P{self.chance.randrange(10**6)}" for _ in range(4)]
        with ThreadPoolExecutor(len(names)) as threads:
            answers = list(
                threads.map(
                    lambda name: self._client.request(
                        "PATCH", f"/people/{cluster}", json={"name": name}, headers={"if-match": etag}
                    ),
                    names,
                )
            )
        taken = [name for name, answer in zip(names, answers, strict=True) if answer.status_code == 200]
        self.expect(all(answer.status_code < 500 for answer in answers), f"no fault at once: {answers}")
        label = self.said()["labels"].get(str(cluster))
        if taken:
            self.expect(
                isinstance(label, Mapping) and label["name"] in taken,
                f"an edit that was taken stands there: {taken} {label}",
            )
        self.counts["at once"] += 1

    def some(self, steps: int) -> None:
        """Edits, undone or not, with stages and starts in between."""
        for _ in range(steps):
            if self.chance.random() < 0.3:
                self.edit_and_undo_all(self.chance.randint(3, 25))
            else:
                for _ in range(10):
                    self.edit()
            self.check()
            if self.chance.random() < 0.15:
                self.start_anew()
            if self.chance.random() < 0.15:
                self.run_stages()

    def edit_and_undo_all(self, edits: int) -> None:
        """Some edits; then all of them are undone, and all is as it was."""
        self._kept_changes = self.undo_count()
        if self._kept_changes + edits > _MOST_CHANGES:
            self.undone_to(None, 0)
            self._kept_changes = 0
        start = self.said()
        for _ in range(edits):
            self.edit()
        self.check()
        self.undone_to(start, self._kept_changes)
        self._kept_changes = 0
        self.counts["undone to the start"] += 1

    # --- What happens in between ------------------------------------------------------------------------------

    def run_stages(self) -> None:
        """Both stages over HTTP: picks and names stay."""
        before = self.said()
        for stage in ("/cluster", "/score"):
            job = self._client.finished(self.ask("POST", stage))
            self.expect(job["state"] in ("done", "succeeded", "finished"), f"a stage runs after any edits: {job}")
        after = self.said()
        self.expect(after["picks"] == before["picks"], "a run leaves the picks alone")
        self.expect(_names(after) == _names(before), f"a run loses no name: {_names(before)} {_names(after)}")
        self.counts["runs"] += 1

    def start_anew(self) -> None:
        """The service ends and starts: all is as it was."""
        before, undo = self.said(), self.ask("GET", "/undo").json()
        self._service.close()
        self._service = ExitStack()
        self._client = self._started()
        self.expect(self.said() == before, "a service that starts anew tells the same")
        self.expect(self.ask("GET", "/undo").json() == undo, "and can undo the same")
        self.counts["starts"] += 1

    def undone_to(self, start: Said | None, left: int) -> None:
        """Undo until `left` changes are left: the labels and corrections are then those of `start`."""
        while True:
            told = self.ask("GET", "/undo").json()
            count = 0 if told["what"] is None else told["left"] + 1
            if count <= left:
                break
            self.ask("POST", "/undo")
            self.counts["undone"] += 1
        if start is None:
            return
        now = self.said()
        for what in ("labels", "corrections"):
            self.expect(now[what] == start[what], f"undoing all gives the start: {what} {start[what]} {now[what]}")

    def undo_count(self) -> int:
        """How many changes can be undone."""
        told = self.ask("GET", "/undo").json()
        return 0 if told["what"] is None else int(told["left"]) + 1


def _names(said: Said) -> set[str]:
    return {label["name"] for label in said["labels"].values() if isinstance(label, dict) and label.get("name")}
