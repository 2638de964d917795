"""What is told of a model file that Curation can use."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["KnownWeights"]


@dataclass(frozen=True, slots=True)
class KnownWeights:
    """A model file that Curation can use.

    Attributes:
        name: The file's name.
        purpose: What it is used for, as shown to the user.
        licence: Terms of the file, in words; those of the code that reads it may differ.
        addresses: Where to download it, in order of preference; empty if it comes with a package, or by `advice` only.
        package: The Python package that contains it, if one does.
        sha256: Of its content (hex), where a trustworthy source publishes it or a package that the
            requirements pin contains it.
        size_bytes: Likewise.
        contract: What the file's network takes and gives, in words; empty where the program's code is the only place
            that needs to know.
        advice: How to get it where no address can be given, as a sentence.
        reader: The reader of attributes that uses it. Such files are downloaded only if they or their reader are named.
        part: The part of the program that uses it, other than the faces of an event, for instance `assets`. Such files
            are downloaded only if they or their part are named.
        delivered: What the addresses give, as `sha256:HEX` or `md5:HEX`, where another file of the same name is as
            good: a copy that somebody else exported. It is compared with downloads only.
    """

    name: str
    purpose: str
    licence: str
    addresses: tuple[str, ...] = ()
    package: str | None = None
    sha256: str | None = None
    size_bytes: int | None = None
    contract: str = ""
    advice: str = ""
    reader: str | None = None
    part: str | None = None
    delivered: str = ""
