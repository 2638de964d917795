"""Names of people as other programs write them: made comparable, and told from what is no name."""

from __future__ import annotations

import unicodedata

from curation.domain.labelling.labels import MAX_NAME_CHARS, same_name

__all__ = ["person_name", "person_of_tag"]

# What programs call faces that nobody named, or that the user told them to forget; digiKam's tags, Picasa, Windows,
# Google, and the translations of digiKam's tags that are common.
_NOBODY = frozenset(
    same_name(word)
    for word in (
        "Unknown",
        "Unknown person",
        "Unknown face",
        "Unconfirmed",
        "Ignored",
        "Ignore",
        "Unnamed",
        "Unnamed person",
        "No name",
        "Face",
        "Person",
        "Unbekannt",
        "Unbestätigt",
        "Ignoriert",
        "Inconnu",
        "Non confirmé",
        "Ignoré",
        "Desconocido",
        "Sin confirmar",
        "Ignorado",
        "Sconosciuto",
        "Desconhecido",
        "Onbekend",
        "Неизвестно",
    )
)
# Tags under which programs keep the names of people.
_PEOPLE = frozenset(
    same_name(word)
    for word in (
        "People",
        "Person",
        "Persons",
        "Personen",
        "Personnes",
        "Persone",
        "Personas",
        "Pessoas",
        "Ludzie",
        "Люди",
        "人物",
    )
)


def person_name(text: object) -> str:
    """A name as it is shown and compared: in the form NFC, without controls, trimmed.

    Args:
        text: What a file has.

    Returns:
        The name; empty for what is no name: nothing, no letter, too long, or a word for "nobody" such as `Unknown`,
        `Unconfirmed` and `Ignored`.
    """
    if not isinstance(text, str):
        return ""
    plain = "".join(char if char.isprintable() else " " for char in unicodedata.normalize("NFC", text))
    name = " ".join(plain.split())
    if not name or len(name) > MAX_NAME_CHARS or not any(char.isalpha() for char in name):
        return ""
    if same_name(name.strip("_-<>()[]? ")) in _NOBODY:
        return ""
    return name


def person_of_tag(tag: str, separators: str = "/|") -> str:
    """The name in a tag with a hierarchy, such as `People/Anna` or `People|Family|Anna`.

    Args:
        tag: As the file has it.
        separators: The characters that may stand between its parts.

    Returns:
        The name; empty for a tag that is about something else, or about nobody.
    """
    for separator in separators:
        parts = [part.strip() for part in tag.split(separator)]
        if len(parts) > 1 and same_name(unicodedata.normalize("NFC", parts[0])) in _PEOPLE:
            return person_name(parts[-1])
    return ""
