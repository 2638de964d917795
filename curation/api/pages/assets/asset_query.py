"""What the pages about assets show, as it stands in their addresses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import Depends, Query

from curation.api.http.assets.desk import AssetDesk
from curation.domain.assets.asset import AssetQuery
from curation.domain.assets.states import AssetState
from curation.domain.bodies.composition import CutAt
from curation.domain.labelling.labels import MAX_NAME_CHARS
from curation.domain.outfits.outfit import ColourName

__all__ = ["ViewQuery", "ViewQueryOf"]

_MOST_PAGES = 100_000


@dataclass(frozen=True, slots=True)
class ViewQuery:
    """A view.

    Attributes:
        state: Only pictures in this state.
        top: Somebody wears this colour above the hips ...
        bottom: ... and this one below; both, the cut and the name are asked of the same person.
        cut: Where the body is cut.
        person: Name of a person of the event.
        page: Number of the page, from 1.
    """

    state: AssetState | None = None
    top: ColourName | None = None
    bottom: ColourName | None = None
    cut: CutAt | None = None
    person: str = ""
    page: int = 1

    @property
    def is_asked(self) -> bool:
        """Whether anything is asked, so that not all pictures are shown."""
        return replace(self, page=1) != ViewQuery()

    @property
    def text(self) -> str:
        """The query part of the address, without a question mark; empty for all pictures."""
        return self.text_with()

    def text_with(self, *, state: AssetState | Literal[""] | None = None, page: int | None = None) -> str:
        """The query part of the address of another state (`""` for all of them, on page 1), or of another page."""
        shown = self.state if state is None else state or None
        number = page if page is not None else 1 if state is not None else self.page
        parts = {
            "state": shown,
            "top": self.top,
            "bottom": self.bottom,
            "cut": self.cut,
            "person": self.person,
            "page": number if number > 1 else None,
        }
        return urlencode({key: str(value) for key, value in parts.items() if value})

    def asset_query(self, desk: AssetDesk) -> AssetQuery:
        """What the database is asked.

        Raises:
            PersonNotFoundError: If the event has no such person; also what `AssetDesk.named_people` raises.
        """
        return AssetQuery(
            state=self.state,
            top=self.top,
            bottom=self.bottom,
            cut_at=self.cut,
            people=desk.named_people(self.person) if self.person else None,
        )


def _view_query(
    state: AssetState | Literal[""] = "",
    top: ColourName | Literal[""] = "",
    bottom: ColourName | Literal[""] = "",
    cut: CutAt | Literal[""] = "",
    person: Annotated[str, Query(max_length=MAX_NAME_CHARS)] = "",
    page: Annotated[int, Query(ge=1, le=_MOST_PAGES)] = 1,
) -> ViewQuery:
    return ViewQuery(state or None, top or None, bottom or None, cut or None, person.strip(), page)


ViewQueryOf = Annotated[ViewQuery, Depends(_view_query)]
