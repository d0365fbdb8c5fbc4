"""The line of every place of a JSON text."""

import json
import re
from collections.abc import Mapping

from lambdas.specs.document import Key

_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],]|[^\s{}\[\],:"]+|\n')


def json_lines(text: str) -> dict[Key, int]:
    """Return the line of every key and list item of a text that is JSON, counted from 1.

    YAML's lines would do for most such texts, but not for those with tabs or surrogate pairs.
    """
    lines: dict[Key, int] = {(): 1}
    around: list[str | int | None] = []  # where we are in each object and list; None before an object's next key
    line = 1
    for piece in _PIECE.findall(text):
        if piece == "\n":
            line += 1
        elif piece in ("}", "]"):
            around.pop()
        elif piece == ",":
            last = around[-1]
            around[-1] = last + 1 if isinstance(last, int) else None
        else:
            is_key = bool(around) and around[-1] is None
            if is_key:
                around[-1] = json.loads(piece)
            if around and (is_key or isinstance(around[-1], int)):
                lines[tuple(part for part in around if part is not None)] = line
            if piece in ("{", "["):
                around.append(None if piece == "{" else 0)
    return lines


def nearest(lines: Mapping[Key, int], key: Key) -> int:
    """Return the line of a place, or of the nearest place around it."""
    while key and key not in lines:
        key = key[:-1]
    return lines.get(key, 1)
