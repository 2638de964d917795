"""Assets in PostgreSQL, a database that many machines share; all times are those of the server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert

from curation.domain.assets.asset import Asset, AssetQuery, Claim, NewAsset
from curation.domain.assets.states import AssetState, FailCode, RejectCode
from curation.storage.assets.people_index import people_of_document
from curation.storage.assets.postgres_database import ASSETS, PEOPLE, PHOTOS, VERSION, PostgresDatabase
from curation.storage.assets.rows import (
    COLOUR_BITS,
    LOST,
    LOST_FOR_GOOD,
    asks_for_people,
    asset_of_row,
    document_text,
    escaped,
)

__all__ = ["PostgresAssetStore"]

_NOW = sa.cast(sa.func.extract("epoch", sa.func.clock_timestamp()), sa.Double)
_SHORT = tuple(column for column in ASSETS.c if column.name not in ("document", "due_at", "claimed", "owner"))
_ALL = (*_SHORT, ASSETS.c.document)
_LOOKS = 3
# The time at which the transaction began, which, unlike the time of now, an index is searched by.
_BEGUN = sa.cast(sa.func.extract("epoch", sa.func.now()), sa.Double)
_IS_WAITING = sa.and_(ASSETS.c.state == AssetState.PENDING, ASSETS.c.due_at <= _BEGUN)
_IS_LOST = sa.and_(ASSETS.c.state == AssetState.PROCESSING, ASSETS.c.due_at <= _BEGUN)
_OTHER = ASSETS.alias("other")
_NO_OTHER_SUSPECT = sa.or_(
    ASSETS.c.code.is_distinct_from(FailCode.WORKER_LOST.value),
    ~sa.exists().where(_OTHER.c.state == AssetState.PROCESSING, _OTHER.c.code == FailCode.WORKER_LOST),
)
_IS_DUE = sa.and_(ASSETS.c.state.in_((AssetState.PENDING, AssetState.PROCESSING)), ASSETS.c.due_at <= _BEGUN)


class PostgresAssetStore:
    """See `AssetStore`. A server that goes away and comes back is asked again by each method."""

    def __init__(self, url: str) -> None:
        """Connect, and create or upgrade the tables; see `PostgresDatabase`.

        Args:
            url: `postgresql://USER:PASSWORD@HOST:PORT/NAME`.

        Raises:
            SettingsError: If the address is not valid, or the server knows no such user or database.
            StorageError: If the database cannot be used, or was written by a newer version.
            DatabaseBusyError: If the server is away for the moment.
        """
        self._database = PostgresDatabase(url)

    @property
    def identity(self) -> str:
        """See `AssetStore.identity`."""
        return self._database.identity

    def add(self, new: NewAsset) -> tuple[Asset, bool]:
        """See `AssetStore.add`."""
        while True:
            with self._database.transaction() as connection:
                sequence = _insert(connection, new, state=AssetState.PENDING, due_at=_NOW)
                if sequence is not None:
                    return _asset(connection, sequence), True
                row = connection.execute(_locked(ASSETS.c.id == new.id)).one_or_none()
                if row is not None:
                    is_again = row.state == AssetState.FAILED
                    is_new_photo = _add_photo(connection, row.sequence, new.image_path)
                    if is_again:
                        again = {"state": AssetState.PENDING, "code": None, "message": "", "attempts": 0}
                        _change(connection, row.sequence, **again, due_at=_NOW)
                    elif is_new_photo:
                        _change(connection, row.sequence)
                    return _asset(connection, row.sequence), is_again
            # Deleted between the two statements: it is added in the next round.

    def reject(self, new: NewAsset, code: RejectCode, message: str) -> Asset:
        """See `AssetStore.reject`."""
        while True:
            with self._database.transaction() as connection:
                sequence = _insert(connection, new, state=AssetState.REJECTED, code=code, message=escaped(message))
                found = ASSETS.c.id == new.id if sequence is None else ASSETS.c.sequence == sequence
                row = connection.execute(sa.select(*_ALL).where(found)).mappings().one_or_none()
                if row is not None:
                    return _assets(connection, [row])[0]

    def claim(self, owner: str, *, lease_s: float, max_attempts: int) -> Claim | None:
        """See `AssetStore.claim`."""
        for _ in range(_LOOKS):
            with self._database.transaction() as connection:
                if not connection.execute(sa.select(sa.exists().where(_IS_DUE))).scalar_one():
                    return None
                _sweep(connection, max_attempts)
                row = connection.execute(
                    sa.select(ASSETS.c.sequence, ASSETS.c.attempts)
                    .where(_IS_WAITING, _NO_OTHER_SUSPECT)
                    .order_by(ASSETS.c.due_at, ASSETS.c.sequence)
                    .limit(1)
                    .with_for_update(skip_locked=True)
                ).one_or_none()
                if row is not None:
                    attempt = row.attempts + 1
                    version = _change(
                        connection,
                        row.sequence,
                        state=AssetState.PROCESSING,
                        attempts=attempt,
                        due_at=_NOW + lease_s,
                        owner=owner,
                    )
                    connection.execute(_update(row.sequence).values(claimed=version))
                    return Claim(_asset(connection, row.sequence), attempt)
            # Others took the row that was seen; there may be more.
        return None

    def renew(self, claim: Claim, *, lease_s: float) -> bool:
        """See `AssetStore.renew`."""
        with self._database.transaction() as connection:
            renewed = sa.update(ASSETS).where(_is_valid(claim)).values(due_at=_NOW + lease_s)
            return connection.execute(renewed).rowcount > 0

    def complete(self, claim: Claim, document: Mapping[str, Any]) -> bool:
        """See `AssetStore.complete`."""
        text = document_text(document)
        people = people_of_document(document)
        with self._database.transaction() as connection:
            sequence = _finish(connection, claim, state=AssetState.COMPLETED, code=None, message="", document=text)
            if sequence is None:
                return False
            connection.execute(sa.delete(PEOPLE).where(PEOPLE.c.asset == sequence))
            if people:
                connection.execute(
                    sa.insert(PEOPLE),
                    [
                        {
                            "asset": sequence,
                            "person_index": one.person_index,
                            "tops": one.tops,
                            "bottoms": one.bottoms,
                            "cut_at": one.cut_at,
                        }
                        for one in people
                    ],
                )
            return True

    def finish_rejected(self, claim: Claim, code: RejectCode, message: str) -> bool:
        """See `AssetStore.finish_rejected`."""
        with self._database.transaction() as connection:
            values = {"state": AssetState.REJECTED, "code": code, "message": escaped(message)}
            return _finish(connection, claim, **values) is not None

    def finish_failed(self, claim: Claim, code: FailCode, message: str, *, retry_in_s: float | None) -> bool:
        """See `AssetStore.finish_failed`."""
        with self._database.transaction() as connection:
            values: dict[str, object] = {"state": AssetState.FAILED, "code": code, "message": escaped(message)}
            if retry_in_s is not None:
                values |= {"state": AssetState.PENDING, "due_at": _NOW + retry_in_s}
            return _finish(connection, claim, **values) is not None

    def release(self, claim: Claim) -> bool:
        """See `AssetStore.release`."""
        with self._database.transaction() as connection:
            values = {"state": AssetState.PENDING, "due_at": _NOW, "attempts": claim.attempt - 1}
            return _finish(connection, claim, **values) is not None

    def sweep(self, *, max_attempts: int) -> int:
        """See `AssetStore.sweep`."""
        with self._database.transaction() as connection:
            return _sweep(connection, max_attempts)

    def get(self, asset_id: str) -> Asset | None:
        """See `AssetStore.get`."""
        if "\0" in asset_id:  # PostgreSQL knows no such text
            return None
        with self._database.transaction() as connection:
            row = connection.execute(sa.select(*_ALL).where(ASSETS.c.id == asset_id)).mappings().one_or_none()
            return None if row is None else _assets(connection, [row])[0]

    def find(self, query: AssetQuery, *, limit: int, offset: int = 0) -> tuple[int, Sequence[Asset]]:
        """See `AssetStore.find`."""
        where = sa.and_(sa.true(), *_conditions(query))
        with self._database.transaction() as connection:
            count = connection.execute(sa.select(sa.func.count()).select_from(ASSETS).where(where)).scalar_one()
            page = sa.select(*_ALL).where(where).order_by(ASSETS.c.sequence.desc()).limit(limit).offset(offset)
            return count, _assets(connection, connection.execute(page).mappings().all())

    def changes(self, after_version: int, *, limit: int) -> Sequence[Asset]:
        """See `AssetStore.changes`."""
        with self._database.transaction() as connection:
            changed = sa.select(*_SHORT).where(ASSETS.c.version > after_version)
            rows = connection.execute(changed.order_by(ASSETS.c.version).limit(limit)).mappings().all()
            return _assets(connection, rows)

    def counts(self) -> Mapping[AssetState, int]:
        """See `AssetStore.counts`."""
        with self._database.transaction() as connection:
            rows = connection.execute(sa.select(ASSETS.c.state, sa.func.count()).group_by(ASSETS.c.state))
            return dict.fromkeys(AssetState, 0) | {AssetState(state): count for state, count in rows}

    def delete(self, asset_id: str) -> bool:
        """See `AssetStore.delete`."""
        with self._database.transaction() as connection:
            return connection.execute(sa.delete(ASSETS).where(ASSETS.c.id == asset_id)).rowcount > 0

    def close(self) -> None:
        """See `AssetStore.close`."""
        self._database.close()


def _insert(connection: sa.Connection, new: NewAsset, **values: object) -> int | None:
    """Add a row unless its id is there; its number, or None."""
    row = insert(ASSETS).values(
        id=new.id,
        sha256=new.sha256,
        settings_hash=new.settings_hash,
        name=escaped(new.name),
        created_at=_NOW,
        updated_at=_NOW,
        **values,
    )
    adding = row.on_conflict_do_nothing(index_elements=["id"]).returning(ASSETS.c.sequence)
    sequence = connection.execute(adding).scalar_one_or_none()
    if sequence is None:
        return None
    _add_photo(connection, sequence, new.image_path)
    connection.execute(_update(sequence).values(version=_next_version(connection)))
    return int(sequence)


def _add_photo(connection: sa.Connection, sequence: int, image_path: str | None) -> bool:
    if image_path is None:
        return False
    row = insert(PHOTOS).values(asset=sequence, image_path=escaped(image_path)).on_conflict_do_nothing()
    return connection.execute(row.returning(PHOTOS.c.asset)).one_or_none() is not None


def _change(connection: sa.Connection, sequence: int, **values: object) -> int:
    """Change a row that this transaction has locked."""
    version = _next_version(connection)
    connection.execute(_update(sequence).values(**values, updated_at=_NOW, version=version))
    return version


def _update(sequence: int) -> sa.Update:
    return sa.update(ASSETS).where(ASSETS.c.sequence == sequence)


def _next_version(connection: sa.Connection) -> int:
    counter = sa.update(VERSION).values(value=VERSION.c.value + 1).returning(VERSION.c.value)
    return int(connection.execute(counter).scalar_one())


def _locked(found: sa.ColumnElement[bool]) -> sa.Select[tuple[int, str]]:
    return sa.select(ASSETS.c.sequence, ASSETS.c.state).where(found).with_for_update()


def _is_valid(claim: Claim) -> sa.ColumnElement[bool]:
    return sa.and_(
        ASSETS.c.id == claim.asset.id,
        ASSETS.c.state == AssetState.PROCESSING,
        ASSETS.c.claimed == claim.asset.version,
    )


def _finish(connection: sa.Connection, claim: Claim, **values: object) -> int | None:
    row = connection.execute(_locked(_is_valid(claim))).one_or_none()
    if row is None:
        return None
    _change(connection, row.sequence, **{"due_at": None, "claimed": None, "owner": None} | values)
    return int(row.sequence)


def _sweep(connection: sa.Connection, max_attempts: int) -> int:
    lost = sa.select(ASSETS.c.sequence, ASSETS.c.attempts).where(_IS_LOST).order_by(ASSETS.c.due_at)
    rows = connection.execute(lost.with_for_update(skip_locked=True)).all()
    for row in rows:
        is_over = row.attempts >= max_attempts
        _change(
            connection,
            row.sequence,
            state=AssetState.FAILED if is_over else AssetState.PENDING,
            code=FailCode.WORKER_LOST,
            message=escaped(LOST_FOR_GOOD if is_over else LOST),
            due_at=None if is_over else _NOW,
            claimed=None,
            owner=None,
        )
    return len(rows)


def _asset(connection: sa.Connection, sequence: int) -> Asset:
    row = connection.execute(sa.select(*_ALL).where(ASSETS.c.sequence == sequence)).mappings().one()
    return _assets(connection, [row])[0]


def _assets(connection: sa.Connection, rows: Sequence[sa.RowMapping]) -> list[Asset]:
    paths: dict[int, list[str]] = {row["sequence"]: [] for row in rows}
    if paths:
        found = sa.select(PHOTOS.c.asset, PHOTOS.c.image_path).where(PHOTOS.c.asset.in_(paths))
        for sequence, path in connection.execute(found):
            paths[sequence].append(path)
    return [asset_of_row({**row}, paths[row["sequence"]]) for row in rows]


def _conditions(query: AssetQuery) -> list[sa.ColumnElement[bool]]:
    parts: list[sa.ColumnElement[bool]] = []
    if query.state is not None:
        parts.append(ASSETS.c.state == query.state)
    if query.image_paths is not None:
        # One parameter for all: there may be tens of thousands.
        texts = [escaped(path) for path in query.image_paths]
        paths = sa.func.unnest(sa.cast(texts, ARRAY(sa.Text))).table_valued("path").render_derived(name="asked_paths")
        photos = sa.select(PHOTOS.c.asset).where(PHOTOS.c.image_path.in_(sa.select(paths.c.path)))
        parts.append(ASSETS.c.sequence.in_(photos))
    if asks_for_people(query):
        parts.append(ASSETS.c.sequence.in_(_people_found(query)))
    return parts


def _people_found(query: AssetQuery) -> sa.Select[tuple[int]]:
    found = sa.select(PEOPLE.c.asset)
    if query.people is not None:
        pairs = list(query.people)
        asked = (
            sa.func.unnest(
                sa.cast([one for one, _ in pairs], ARRAY(sa.Text)),
                sa.cast([index for _, index in pairs], ARRAY(sa.Integer)),
            )
            .table_valued("id", "person_index")
            .render_derived(name="asked_people")
        )
        named = ASSETS.alias("named")
        is_same = sa.and_(PEOPLE.c.asset == named.c.sequence, PEOPLE.c.person_index == asked.c.person_index)
        found = found.select_from(asked.join(named, named.c.id == asked.c.id).join(PEOPLE, is_same))
    if query.top is not None:
        found = found.where(PEOPLE.c.tops.bitwise_and(COLOUR_BITS[query.top]) != 0)
    if query.bottom is not None:
        found = found.where(PEOPLE.c.bottoms.bitwise_and(COLOUR_BITS[query.bottom]) != 0)
    if query.cut_at is not None:
        found = found.where(PEOPLE.c.cut_at == query.cut_at)
    return found
