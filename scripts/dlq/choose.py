"""Which of the rejected events somebody means."""

from collections.abc import Iterable, Mapping

from scripts.dlq.errors import LetterUnknownError
from scripts.dlq.letter import Letter


def chosen(letters: Mapping[str, Letter], names: Iterable[str]) -> list[Letter]:
    """Return the letters of some ids, or of the first characters of ids.

    Raises
    ------
    LetterUnknownError
        No letter, or several, have an id that begins so.
    """
    return list({letter.id: letter for name in names for letter in [_one(letters, name)]}.values())


def _one(letters: Mapping[str, Letter], name: str) -> Letter:
    found = [letter for known, letter in letters.items() if known.startswith(name)]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(sorted(letter.id for letter in found))
        raise LetterUnknownError(f"several rejected events have an id that begins with {name!r}: {ids}")
    raise LetterUnknownError(
        f"no rejected event has the id {name!r}; 'slow-lambda dlq list' has those there are. "
        "One that was looked at a moment ago may be hidden for two minutes"
    )
