"""The pages about assets as they come from the service, without a browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from curation.api.pages.assets.words import CUTS, STATES, age_words, composition_words, sex_words
from curation.domain.assets.asset import Asset
from curation.domain.assets.document import asset_document, record_of_document
from curation.domain.assets.states import AssetState
from curation.domain.bodies.composition import Composition, CutAt
from tests.attribute_values import a_sex, an_age
from tests.fake_asset_jobs import FakeAssets, people_picture
from tests.service import FACES, PHOTOS, ServiceClient, make_settings, service, write_face_data, write_photo_scores


@pytest.fixture
def fake(tmp_path: Path) -> FakeAssets:
    return FakeAssets(tmp_path / "assets")


@pytest.fixture
def client(tmp_path: Path, fake: FakeAssets) -> Iterator[ServiceClient]:
    with service(make_settings(tmp_path), open_assets=fake.opened) as client:
        yield client


def handed_in(fake: FakeAssets, name: str = "2 people.jpg", seed: int = 0) -> Asset:
    count = int(name[0]) if name[0].isdigit() else 1
    return fake.settled(fake.submit(people_picture(count, seed=seed), name).id)


def page(client: ServiceClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


class TestPictures:
    def test_without_any_the_page_says_what_to_do(self, client: ServiceClient) -> None:
        assert "Choose a picture, and see its people" in page(client, "/review/assets")
        assert "There are no cut-outs yet." in page(client, "/review/assets/table")

    @pytest.mark.parametrize("path", ["/review/assets", "/review/assets/table", f"/review/assets/{'0' * 32}"])
    def test_switched_off(self, empty: ServiceClient, path: str) -> None:
        text = page(empty, path)
        assert "Assets are switched off" in text
        assert "enabled: true" in text

    def test_missing_weights_are_said(self, client: ServiceClient, fake: FakeAssets) -> None:
        fake.missing = "the weights u2netp.onnx are missing: python -m curation weights fetch --part assets"
        text = page(client, "/review/assets")
        assert "Pictures wait, and none can be handed in" in text
        assert "the weights u2netp.onnx are missing" in text

    def test_a_card_for_each_with_its_state(self, client: ServiceClient, fake: FakeAssets) -> None:
        for seed, name in enumerate(["2 people.jpg", "nobody.jpg", "broken.jpg"]):
            handed_in(fake, name, seed)
        fake.submit(b"no picture", "note.txt")
        text = page(client, "/review/assets")
        assert text.count('<li class="asset-card') == 4
        assert text.count("data-retry=") == 1
        assert 'aria-label="2 people.jpg; Done; Anna, Top red, Bottom black; Person 2, Top blue, Bottom white"' in text
        # Of what the gate refused there is no picture.
        assert text.count("/picture?size=thumbnail") == 3

    def test_filters_and_what_is_asked_for_in_vain(self, client: ServiceClient, fake: FakeAssets) -> None:
        handed_in(fake)
        text = page(client, "/review/assets?top=blue&cut=feet")
        assert text.count('<li class="asset-card') == 1
        assert '<option value="blue" selected>' in text
        assert "?top=blue&amp;cut=feet" in text  # the card's link keeps the view
        assert "No picture answers these questions." in page(client, "/review/assets?top=pink")
        # Empty fields of a form ask nothing.
        assert page(client, "/review/assets?top=&bottom=&cut=&person=&state=").count('<li class="asset-card') == 1
        assert "There is no person &#39;Ana&#39;" in page(client, "/review/assets?person=Ana")
        assert client.get("/review/assets?top=crimson").status_code == 422

    def test_a_record_of_another_version_does_not_hide_the_others(
        self, client: ServiceClient, fake: FakeAssets
    ) -> None:
        handed_in(fake)
        old = handed_in(fake, seed=1)
        assert old.document is not None
        fake.rows[old.id] = replace(old, document={**old.document, "version": 99})
        assert page(client, "/review/assets").count('<li class="asset-card') == 2
        assert page(client, "/review/assets/table").count('role="gridcell"') == 2
        assert [row["people"] is None for row in client.get("/assets").json()["assets"]] == [True, False]
        page(client, f"/review/assets/{old.id}")

    def test_pages(self, client: ServiceClient, fake: FakeAssets) -> None:
        one = handed_in(fake)
        for number in range(70):
            new_id = f"{number:032x}"
            fake.rows[new_id] = replace(one, id=new_id)
        first = page(client, "/review/assets?top=red")
        assert first.count('<li class="asset-card') == 60
        assert "Page 1 of 2" in first
        assert 'rel="next" href="/review/assets?top=red&amp;page=2"' in first
        second = page(client, "/review/assets?top=red&page=2")
        assert second.count('<li class="asset-card') == 11
        assert 'rel="prev" href="/review/assets?top=red"' in second

    def test_a_name_is_text(self, client: ServiceClient, fake: FakeAssets) -> None:
        asset = handed_in(fake, "<script>alert(1)</script>.jpg")
        for path in ("/review/assets", f"/review/assets/{asset.id}", "/review/assets/table"):
            assert "<script>alert" not in page(client, path)

    def test_the_fragment_of_a_card_is_the_card(self, client: ServiceClient, fake: FakeAssets) -> None:
        asset = handed_in(fake)
        text = page(client, f"/fragments/assets/card/{asset.id}?top=red")
        assert text.startswith('<li class="asset-card')
        assert f'href="/review/assets/{asset.id}?top=red"' in text
        assert client.get(f"/fragments/assets/card/{'0' * 32}").status_code == 404

    def test_small_people_in_the_background_are_only_counted(self, client: ServiceClient, fake: FakeAssets) -> None:
        asset = handed_in(fake, "3 friends.jpg")
        assert asset.document is not None
        record = record_of_document(asset.document)
        people = (*record.people[:1], *(replace(each, outfit=None) for each in record.people[1:]))
        fake.rows[asset.id] = replace(asset, document=asset_document(replace(record, people=people)))
        text = page(client, "/review/assets")
        assert "Person 2" not in text
        assert "and 2 more" in text


class TestOne:
    def test_everything_is_told(self, client: ServiceClient, fake: FakeAssets) -> None:
        text = page(client, f"/review/assets/{handed_in(fake, '3 friends.jpg').id}")
        for told in ("Anna", "Person 2", "red", "Cut at the feet", "no face found", "Partly hidden by person 2"):
            assert told in text
        assert text.count('class="asset-bone"') > 40
        assert text.count("data-only=") == 3
        assert "Age" not in text  # nobody asked for it

    def test_of_one_that_waits_there_is_only_the_picture(self, client: ServiceClient, fake: FakeAssets) -> None:
        asset = fake.submit(people_picture(1), "stuck.jpg")
        text = page(client, f"/review/assets/{asset.id}")
        assert "This page shows by itself what is found." in text
        assert 'id="stage"' not in text

    def test_failed_and_rejected(self, client: ServiceClient, fake: FakeAssets) -> None:
        failed = page(client, f"/review/assets/{handed_in(fake, 'broken.jpg').id}")
        assert "could not be taken apart" in failed
        assert "(1 try)" in failed
        assert "data-retry" in failed
        rejected = page(client, f"/review/assets/{fake.submit(b'x', 'note.txt').id}")
        assert "The file is not a picture" in rejected
        assert "data-retry" not in rejected
        assert "<img" not in rejected

    def test_without_cut_outs(self, client: ServiceClient, fake: FakeAssets) -> None:
        asset = handed_in(fake)
        assert asset.document is not None
        record = replace(record_of_document(asset.document), files=("annotated.jpg",))
        fake.rows[asset.id] = replace(asset, document=asset_document(record))
        text = page(client, f"/review/assets/{asset.id}")
        for nothing in ("data-only", 'data-show="cutout"', 'data-layer="people"', "the cut-out</a>"):
            assert nothing not in text
        assert "There are no cut-outs yet." in page(client, "/review/assets/table")

    def test_unknown(self, client: ServiceClient) -> None:
        assert client.get(f"/review/assets/{'0' * 32}").status_code == 404
        assert client.get("/review/assets/..%2fa").status_code in (404, 422)


class TestLightTable:
    def test_people_or_pictures(self, client: ServiceClient, fake: FakeAssets) -> None:
        asset = handed_in(fake)
        people = page(client, "/review/assets/table")
        assert people.count('role="gridcell"') == 2
        assert f'data-id="{asset.id}.1"' in people
        assert page(client, "/review/assets/table?of=pictures").count('role="gridcell"') == 1
        assert client.get("/review/assets/table?of=cats").status_code == 422

    @pytest.mark.parametrize(
        ("asked", "left"), [("top=red", 1), ("top=red&bottom=white", 0), ("person=Anna", 1), ("cut=feet", 1)]
    )
    def test_only_those_who_are_asked_for(self, client: ServiceClient, fake: FakeAssets, asked: str, left: int) -> None:
        handed_in(fake)
        assert page(client, f"/review/assets/table?{asked}").count('role="gridcell"') == left


class TestPhotosOfTheEvent:
    def test_the_best_first(self, client: ServiceClient) -> None:
        assert client.get("/fragments/assets/photos").status_code == 409
        write_face_data(client.settings.io.output_dir, FACES)
        assert page(client, "/fragments/assets/photos").count('type="checkbox"') == 4
        write_photo_scores(client.settings.io.output_dir, PHOTOS)
        ranked = page(client, "/fragments/assets/photos")
        # The one that could not be read is not offered.
        assert ranked.count('type="checkbox"') == 3
        assert ranked.index("a.jpg") < ranked.index("b.jpg") < ranked.index("d.jpg")
        assert page(client, "/fragments/assets/photos?person=1").count('type="checkbox"') == 1
        assert "data-more" not in ranked


class TestWords:
    def test_there_are_words_for_all(self) -> None:
        assert set(STATES) == set(AssetState)
        assert set(CUTS) == set(CutAt)

    def test_composition(self) -> None:
        found = Composition(CutAt.KNEES, 0.9, 0.005, 0.42, 9.0, (0, 2))
        assert composition_words(found, lambda number: ("Anna", "", "person 3")[number]) == (
            "Cut at the knees",
            "The head is against the upper edge",
            "Fills 42 % of the picture",
            "Shoulders tilted by 9°, lower on the right",
            "Partly hidden by Anna and person 3",
        )
        unknown = Composition(CutAt.UNKNOWN, 0.0, None, 0.001, None)
        assert composition_words(unknown, str) == ("Cannot tell where the body is cut", "Fills 1 % of the picture")
        assert "The picture ends below the top of the head" in composition_words(replace(found, headroom=-0.1), str)

    def test_age_and_sex_are_ranges_and_cannot_tell(self) -> None:
        known = replace(an_age(), low=27.4, high=43.2, is_known=True)
        assert age_words(known) == "looks 27 to 43 years old"
        assert age_words(replace(known, is_known=False)) == "cannot tell"
        assert sex_words(replace(a_sex(), answer="female")) == "looks female"
        assert sex_words(replace(a_sex(), answer=None)) == "cannot tell"
