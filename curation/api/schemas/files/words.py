"""Files of the user's words that cannot be read, as JSON."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from curation.api.schemas.base import Out, Text
from curation.event.people.ways_back import RefusedFile, WordFile
from curation.storage.said.last_good import GoodVersion

__all__ = ["GoBackIn", "GoneBackOut", "GoodVersionOut", "RefusedFileOut", "RefusedFilesOut"]

_VERSION = "4f0c4be9d93c4c3c"


class GoodVersionOut(Out):
    """The last version of a file that could be read."""

    at: Annotated[str, Field(examples=["2026-05-16T14:03:11+02:00"])]
    """When it was read or written last, in the service's time zone."""
    version: Annotated[str, Field(examples=[_VERSION])]
    """Names its content: send it to go back."""

    @classmethod
    def of(cls, good: GoodVersion) -> GoodVersionOut:
        """Convert it."""
        return cls(at=good.at.isoformat(timespec="seconds"), version=good.version)


class RefusedFileOut(Out):
    """A file of words that cannot be read."""

    file: WordFile
    """Which one."""
    name: Annotated[Text, Field(examples=["corrections.json"])]
    """Of the file in the output folder."""
    code: Annotated[str, Field(examples=["corrections_invalid"])]
    """The stable name of the problem, which requests that need the file are answered with."""
    problem: Annotated[
        Text, Field(examples=["corrections.json is not valid: line 3, column 5: Expecting value. Correct it"])
    ]
    """What is wrong, and what to do."""
    last_good: GoodVersionOut | None
    """Null if there is no version to go back to."""

    @classmethod
    def of(cls, refused: RefusedFile) -> RefusedFileOut:
        """Convert it."""
        good = None if refused.good is None else GoodVersionOut.of(refused.good)
        return cls(file=refused.file, name=refused.name, code=refused.code, problem=refused.problem, last_good=good)


class RefusedFilesOut(Out):
    """The files of words that cannot be read; none if all is well."""

    files: tuple[RefusedFileOut, ...]


class GoBackIn(BaseModel):
    """Consent to a version."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    version: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$", examples=[_VERSION])]
    """`last_good.version` of the file."""


class GoneBackOut(Out):
    """What became of a damaged file, and which others cannot be read."""

    kept_as: Annotated[Text, Field(examples=["corrections.json.damaged-1"])]
    """The name of the damaged file, which lies beside the good one."""
    files: tuple[RefusedFileOut, ...]
    """Those that still cannot be read."""
