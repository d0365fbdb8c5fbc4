"""Where to cut a range of keys in two, knowing only some of the keys in it."""

from bisect import bisect_left, bisect_right
from typing import NamedTuple

# Most names of many files count or hash: their digits vary, their letters repeat.
DIGITS = frozenset("0123456789abcdef")


class Cut(NamedTuple):
    """A key between two others. Of two cuts, the smaller leaves the wider ranges: it differs at an earlier place."""

    place: int
    fewer_choices: int
    key: str


def find_cut(at: str, upto: str | None, depth: int, characters: str, places: frozenset[str] | None) -> Cut | None:
    """Cut the range of the keys after ``at``, up to and with ``upto``.

    Python compares texts by code points, which is the order of UTF-8 and so of S3's listings.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/ListingKeysUsingAPIs.html

    Parameters
    ----------
    at, upto
        The ends; ``None`` is the end of everything.
    depth
        The last place where a cut is worth while: the first at which the keys of one page already differ.
    characters
        Those to cut with, sorted, each once.
    places
        Cut only where ``at`` has one of these; ``None`` is anywhere.

    Returns
    -------
    Cut or None
        A key greater than ``at`` and less than ``upto``, or ``None`` where there is none.
    """
    start = 0 if upto is None else first_difference(at, upto)
    for place in range(start, min(depth, len(at)) + 1):
        low = at[place : place + 1]
        if places is not None and low not in places:
            continue
        first, last = bisect_right(characters, low), len(characters)
        if upto is not None and place == start:
            # The very character of the upper end will do, unless the end ends with it.
            last = (bisect_left if len(upto) == place + 1 else bisect_right)(characters, upto[place])
        if first < last:
            return Cut(place, first - last, at[:place] + characters[(first + last) // 2])
    return None


def first_difference(one: str, other: str) -> int:
    """Return the first place where two keys differ."""
    places = zip(one, other, strict=False)
    return next((place for place, (a, b) in enumerate(places) if a != b), min(len(one), len(other)))
