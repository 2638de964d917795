"""Checks of answers for schemathesis, which loads this module: what a valid request may be refused for.

Its own check `positive_data_acceptance` knows statuses only. A schema cannot say everything that makes a request valid,
so that some operations may answer 422 or 415; here is what they may say then, and why. All else is a fault.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Any

import schemathesis
from schemathesis.checks import CHECKS
from schemathesis.core.failures import Failure
from schemathesis.specs.openapi.checks import negative_data_rejection, use_after_free

__all__ = ["EXCUSED", "UNPROCESSABLE"]

_TOGETHER = "fields that depend on each other"
_STATE = "it depends on what was said before"
_FILE = "the bytes are no picture or film, which a schema cannot say"
_LABEL = "needs a category|give a name or a category|the name is empty|control characters"
_OF_A_FILE = re.compile("violates `format` at /properties/(film|poster|picture|photos|files)")

EXCUSED = MappingProxyType(
    {
        "GET /outfits/dress": ("say what is to be worn", _TOGETHER),
        "GET /photos": ("leave out the time zone|taken_from", "a date and time without a zone has no format"),
        "PATCH /people": (
            "give ids with a name|excludes ids|needs a category|the name is empty|control characters",
            _TOGETHER,
        ),
        "PATCH /people/{cluster_id}": (_LABEL, _STATE),
        "PATCH /videos/{video_id}/people/{cluster_id}": (_LABEL, _STATE),
        "POST /api/upload/": ("", _FILE),
        "POST /assets": ("", _FILE),
        "POST /attributes": ("", _FILE),
        "POST /attributes/picture": ("", _FILE),
        "POST /corrections": ("", _TOGETHER),
        "POST /exports": ("not both|cannot be the name of a folder", _TOGETHER),
        "POST /faces": ("no face can be seen|cluster_id|box|outside", _STATE),
        "POST /find-me": ("", _FILE),
        "POST /known-people/{person_id}/merge": ("one person already", _STATE),
        "POST /photos": ("", _FILE),
        "POST /rules/preview": ("the rules are not valid", _TOGETHER),
        "POST /sidecars": ("not both", _TOGETHER),
        "POST /unfound/{kind}/{word_id}/attach": ("give either", _TOGETHER),
        "POST /videos": ("", _FILE),
        "POST /videos/{video_id}/posters": ("", _FILE),
        "PUT /labels": ("the labels are not valid", "keys are cluster ids, of people that there are"),
        "PUT /rules": ("the rules are not valid", _TOGETHER),
    }
)
"""Of operations that may refuse what their schema allows: what they say then, and why."""
UNPROCESSABLE = (415, 422)


def _without_jobs(ctx: Any, response: Any, case: Any) -> bool | None:
    # To delete a job is to cancel it: its record, its log and its events stay.
    if case.operation.path.startswith("/jobs/"):
        return None
    return use_after_free(ctx, response, case)


def _any_bytes(ctx: Any, response: Any, case: Any) -> bool | None:
    # Whatever bytes a file has, they are of the format `binary`.
    try:
        return negative_data_rejection(ctx, response, case)
    except Failure as failure:
        if _OF_A_FILE.search(failure.message):
            return None
        raise


# In their place: configuration of single operations does not count in sequences.
for one, its_own in ((_without_jobs, use_after_free), (_any_bytes, negative_data_rejection)):
    one.__name__ = its_own.__name__
    CHECKS.register(one)


@schemathesis.check
def valid_requests_are_refused_for_a_known_reason(ctx: Any, response: Any, case: Any) -> bool | None:
    """Of a request that its schema allows, a 415 or 422 says what the table above has."""
    meta = case.meta
    if meta is None or not meta.generation.mode.is_positive or response.status_code not in UNPROCESSABLE:
        return None
    said = str(response.json().get("detail", ""))
    words, _ = EXCUSED.get(case.operation.label, ("(?!)", ""))
    # Sequences send the null of an answer on, and a single field, also where the schema knows better.
    if re.search(words, said) or "'None'" in said or said.endswith((", not null", " is missing")):
        return None
    raise AssertionError(f"{case.operation.label} refuses a valid request: {said}")
