"""What the sections of config.yaml are made of: the base of all sections, and values of more than one section."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

__all__ = ["OffWord", "Port", "Section", "Token"]


class Section(BaseModel):
    """A frozen section; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def _off_word(value: object) -> object:
    # YAML 1.1 reads a bare `off` as false.
    return "off" if value is False else value


def _valid_token(token: SecretStr) -> SecretStr:
    text = token.get_secret_value()
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise ValueError("a token is sent in a header: ASCII letters, digits and punctuation without spaces")
    return token


OffWord = BeforeValidator(_off_word)
"""For a choice of words of which one is `off`."""

Token = Annotated[SecretStr, Field(min_length=16, max_length=200), AfterValidator(_valid_token)]
"""A secret that clients send."""

Port = Annotated[int, Field(ge=0, le=65535)]
"""A TCP port; 0 lets the system choose a free one."""
