"""The sample event, for whoever has no photos at hand."""

from __future__ import annotations

from fastapi import APIRouter

__all__ = ["router"]

router = APIRouter(tags=["events"])
