"""The query parameters that cut lists into pages."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

__all__ = ["Limit", "Offset"]

MAX_LIMIT = 1000
MAX_OFFSET = 10_000_000

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="The maximum number of entries.")]
Offset = Annotated[int, Query(ge=0, le=MAX_OFFSET, description="The number of entries to skip from the start.")]
