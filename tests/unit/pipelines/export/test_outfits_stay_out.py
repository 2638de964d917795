"""What people wear, and who was accepted by it, is in no exported file."""

from __future__ import annotations

from pathlib import Path

from curation.domain.assets.asset import NewAsset
from curation.domain.assets.document import asset_document
from curation.domain.faces.face import Box
from curation.domain.labelling.people_seen import PersonSeen, SeenAnswer
from curation.domain.outfits.outfit import ColourName
from curation.storage.assets.opening import open_asset_store
from curation.storage.said.people_seen_file import PEOPLE_SEEN, write_people_seen
from curation.storage.said.remembered_file import read_remembered
from tests.event_assets import body, outfit, record
from tests.fake_workflow import FakeEvent
from tests.unit.pipelines.export.exports import ANNA, as_jpeg, files_of, prepared, run


def test_an_export_has_the_same_bytes_with_and_without_records_and_answers(event: FakeEvent) -> None:
    as_jpeg(event, "a.jpg", ANNA)
    event.add("c.png")
    prepared(event)
    event.score()
    before = run(event, "a.jpg", "c.png", name="Party")  # the name is on the contact sheet; of itself it is the time

    for path, sha256 in read_remembered(event.output).photos.items():
        store = open_asset_store(event.settings())
        store.add(NewAsset(sha256[:32], sha256, "0" * 64, path))
        claim = store.claim("test", lease_s=60, max_attempts=3)
        assert claim is not None
        worn = body((1, 1, 30, 60), wears=outfit(ColourName.RED), signature=(0.123456789, 0.876543211))
        assert store.complete(claim, asset_document(record(sha256, worn)))
        store.close()
    seen = PersonSeen("a1", "", "c.png", Box(1, 1, 30, 60), (1000, 800), "Anna", SeenAnswer.ACCEPTED)
    write_people_seen(event.output / PEOPLE_SEEN, {"a1": seen})
    event.cluster()
    event.score()
    after = run(event, "a.jpg", "c.png", name="Party")

    assert files_of(after) == files_of(before)
    for name in files_of(before):
        assert (Path(after.path) / name).read_bytes() == (Path(before.path) / name).read_bytes(), name
    for file in event.output.glob("*"):
        if file.is_file():
            assert b"0.876543211" not in file.read_bytes(), file
