"""The gallery's server: what is forgotten is gone from its tables, errors that say what to do, a killed server."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import psycopg
import pytest

from curation.errors import ExtraMissingError, GalleryError
from curation.gallery.opening import open_gallery
from curation.gallery.postgres_store import PostgresGallery
from curation.settings import GallerySettings
from tests.gallery_faces import EMBEDDER, exemplars_of
from tests.postgres_server import PostgresServer, postgres_server, postgres_url
from tests.unit.gallery.traces import traces
from tests.vector_server import killable_vector_server, vector_server, vector_url

__all__ = ["killable_vector_server", "postgres_server", "postgres_url", "vector_server", "vector_url"]

_EVERY = 480
"""The server's folder is large: of each vector and picture two pieces are looked for, or three."""


def test_what_is_forgotten_is_gone_from_the_tables_but_not_yet_from_the_log(
    vector_server: PostgresServer, vector_url: str
) -> None:
    gallery = PostgresGallery(vector_url)
    hers = exemplars_of(1, 3)
    anna = gallery.enrol("Annabella", "main", hers, max_exemplars=12)
    gallery.enrol("Benedikt", "", exemplars_of(2, 6), max_exemplars=12)
    with psycopg.connect(vector_url, autocommit=True) as connection:
        connection.execute("ANALYZE")
        connection.execute("CHECKPOINT")
        (data,) = connection.execute("SHOW data_directory").fetchone() or ("",)
        before = traces(Path(data), hers, "Annabella", every=_EVERY)
        assert {trace.split("/")[0] for trace in before} == {"base", "pg_wal"}
        gallery.forget(anna.person_id)
        connection.execute("ANALYZE")
        connection.execute("CHECKPOINT")
        left = traces(Path(data), hers, "Annabella", anna.person_id, every=_EVERY)
    assert {trace.split("/")[0] for trace in left} == {"pg_wal"}, "as docs/gallery_store.md says"
    assert gallery.known_faces(EMBEDDER).names == ("Benedikt",)
    gallery.close()


def test_an_interrupted_deletion_is_finished_by_the_next_opening(vector_url: str) -> None:
    gallery = PostgresGallery(vector_url)
    gallery.enrol("Anna", "", exemplars_of(1), max_exemplars=12)
    gallery.close()
    with psycopg.connect(vector_url, autocommit=True) as connection:
        connection.execute("UPDATE gallery_facts SET value = '1' WHERE name = 'unfinished'")
        before = connection.execute("SELECT pg_relation_filenode('gallery_people')").fetchone()
        PostgresGallery(vector_url).close()
        assert connection.execute("SELECT pg_relation_filenode('gallery_people')").fetchone() != before
        facts = connection.execute("SELECT value FROM gallery_facts WHERE name = 'unfinished'").fetchone()
    assert facts == ("0",)


def test_a_server_that_is_away_is_named_without_the_password() -> None:
    with pytest.raises(GalleryError, match=r"127\.0\.0\.1:1/photos does not answer") as caught:
        open_gallery(GallerySettings(url="postgresql://me:s3cret@127.0.0.1:1/photos"))
    assert "s3cret" not in str(caught.value)
    with pytest.raises(GalleryError, match="must look like") as caught:
        PostgresGallery("postgresql://me:s3cret@host:port:s3cret/photos?what=s3cret")
    assert "s3cret" not in str(caught.value) and caught.value.__suppress_context__


def test_an_unknown_database_or_user_is_refused(vector_url: str) -> None:
    with pytest.raises(GalleryError, match=r"refuses .* correct gallery.url"):
        PostgresGallery(vector_url + "x")
    with pytest.raises(GalleryError, match=r"refuses .* correct gallery.url"):
        PostgresGallery(vector_url.replace("//postgres@", "//nobody:s3cret@"))


def test_a_server_without_pgvector_is_told(postgres_url: str) -> None:
    with pytest.raises(GalleryError, match="no pgvector"):
        PostgresGallery(postgres_url)


def test_tables_of_a_newer_version_are_left_alone(vector_url: str) -> None:
    PostgresGallery(vector_url).close()
    with psycopg.connect(vector_url, autocommit=True) as connection:
        connection.execute("UPDATE gallery_facts SET value = '99' WHERE name = 'schema'")
    with pytest.raises(GalleryError, match="newer version"):
        PostgresGallery(vector_url)


@pytest.mark.parametrize("package", ["psycopg", "pgvector"])
def test_the_extra_is_named_if_it_is_missing(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ExtraMissingError, match=r"gallery.url needs the extra gallery"):
        open_gallery(GallerySettings(url="postgresql://127.0.0.1:1/photos"))


def test_a_killed_server_loses_nothing_that_was_acknowledged(killable_vector_server: PostgresServer) -> None:
    server = killable_vector_server
    gallery = PostgresGallery(server.url())
    for _ in range(2):
        killer = threading.Timer(0.3, server.kill)
        killer.start()
        there = {person.name: person.exemplars for person in gallery.people()}
        number = len(there)
        with pytest.raises(GalleryError, match=r"does not answer|busy"):
            while True:
                number += 1
                gallery.enrol(f"Person {number}", "", exemplars_of(number, 3), max_exemplars=12)
                there[f"Person {number}"] = 3
        killer.join()
        server.start()
        now = {person.name: person.exemplars for person in gallery.people()}
        assert now in (there, there | {f"Person {number}": 3})
    gallery.close()
