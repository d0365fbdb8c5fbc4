"""Patterns of addresses as Spark reads them: ``s3://bucket/landing/2026-{01,02}-*/part-[0-4]*``.

https://hadoop.apache.org/docs/stable/api/org/apache/hadoop/fs/FileSystem.html#globStatus-org.apache.hadoop.fs.Path-
"""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from lambdas.inputs.uri import PATTERN_CHARACTERS, S3Uri, UriError, split_address

# A name's character; patterns never match across folders.
_ANY = "[^/]"

# An escaped character, a class of characters, several stars, or any other character.
_PIECE = re.compile(r"\\.|\[(?P<not>[!^]?)(?P<members>(?:\\[^/]|[^\]\\/])+)\]|\*+|.", re.DOTALL)


@dataclass(frozen=True)
class S3Glob:
    """A bucket and a pattern of keys; a folder that matches stands for all that lies in it."""

    bucket: str
    pattern: str

    @classmethod
    def parse(cls, text: str) -> Self:
        r"""Read a pattern.

        Parameters
        ----------
        text
            An address with ``*`` (any characters of a name), ``?`` (one), ``[abc]``, ``[a-z]``, ``[!a]`` (one of, one
            not of), ``{a,b}`` (one or the other; may be nested, and may contain ``/``); ``\`` takes the next character
            as it is. A slash at the end means nothing, as to Spark.

        Raises
        ------
        UriError
            No usable address, or a pattern that does not end.
        """
        bucket, pattern = split_address(text)
        made = cls(bucket, pattern.rstrip("/"))
        try:
            _ = made._expression
        except re.error as error:
            raise UriError(f"the pattern {text!r} cannot be read: {error}") from error
        return made

    @property
    def prefix(self) -> str:
        """What every key that matches starts with."""
        found = re.match(r"(?:\\.|[^*?\[\]{}\\])*", self.pattern, re.DOTALL)
        return re.sub(r"\\(.)", r"\1", found.group() if found else "", flags=re.DOTALL)

    def inside(self, key: str) -> str | None:
        """Return the part of a key below the folder that matches, or an object's name; ``None`` if nothing matches."""
        found = self._expression.fullmatch(key)
        if found is None:
            return None
        below: str | None = found["below"]
        return key.rsplit("/", 1)[-1] if below is None else below

    @cached_property
    def _expression(self) -> re.Pattern[str]:
        return re.compile(f"{_translate(self.pattern)}(?:/(?P<below>.*))?", re.DOTALL)

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.pattern}"


def parse_address(text: str) -> S3Uri | S3Glob:
    """Read the address of an object or a folder, or a pattern of such.

    Raises
    ------
    UriError
        Neither; the message says why.
    """
    return S3Glob.parse(text) if PATTERN_CHARACTERS & set(text) else S3Uri.parse(text)


def _translate(pattern: str) -> str:
    expression, groups = "", 0
    for piece in _PIECE.finditer(pattern):
        text = piece.group()
        if text in {"[", "\\"}:
            raise re.error(f"{text} at character {piece.start() + 1} of the key opens what does not end")
        if text == "{":
            groups += 1
        expression += _expression_of(piece, groups > 0)
        if text == "}" and groups:
            groups -= 1
    if groups:
        raise re.error("{ has no }")
    return expression


def _expression_of(piece: re.Match[str], is_in_group: bool) -> str:
    text = piece.group()
    if members := piece["members"]:
        inner = re.sub(r"\\(.)|([\[\]^\\&~|])", lambda found: re.escape(found.group(1) or found.group(2)), members)
        return f"(?!/)[{'^' if piece['not'] else ''}{inner}]"
    if text.startswith("\\"):
        return re.escape(text[1:])
    # Several stars are as one, and one is tried faster.
    special = {"{": "(?:", "?": _ANY} if set(text) != {"*"} else {text: f"{_ANY}*"}
    if is_in_group:
        special |= {"}": ")", ",": "|"}
    return special.get(text) or re.escape(text)
