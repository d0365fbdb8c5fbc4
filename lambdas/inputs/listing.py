"""List any number of objects in parallel, without ever holding them all.

S3 answers a thousand keys at a time and takes about 0.2 s for it, so one listing of a million objects takes minutes.
But any key is a place to start from: the keys are cut into ranges, each listed by one thread. Where there are folders,
they are the places to cut; where there are none, a thread without work takes the far half of the widest range that
another is still listing. Half of the key space need not be half of the keys: a half with nothing in it costs one call.
"""

import threading
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, Protocol, TypeVar

from lambdas.inputs.pages import Page, S3Object
from lambdas.inputs.ranges import DIGITS, Cut, find_cut, first_difference

# So many keep one processor busy; more only read more pages twice. S3 takes 5,500 requests a second on one prefix.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html
WORKERS = 32

# A whole area is worth cutting once it has gone on for so many pages.
_PAGES_ALONE = 2

# Every piece costs a call, and its last page is read twice by half, so folders beyond this share a piece.
_PIECES = 2 * WORKERS

# Of a page, every so manieth key is looked at to know the characters that keys are made of.
_SAMPLE = 16


class Area(Protocol):
    """Where to list: a bucket and what all keys start with."""

    @property
    def bucket(self) -> str:
        """The bucket."""

    @property
    def prefix(self) -> str:
        """What all keys start with."""


class Part(Protocol):
    """What takes the objects of one range, in the order of their keys, from one thread at a time."""

    def add(self, objects: Sequence[S3Object]) -> None:
        """Take the next objects."""


class Fetch(Protocol):
    """List one page; see ``pages.list_page``."""

    def __call__(self, bucket: str, prefix: str, after: str = "", token: str = "", delimiter: str = "") -> Page:
        """Return what follows a key, or the page a token stands for."""


AnArea = TypeVar("AnArea", bound=Area)
APart = TypeVar("APart", bound=Part)


@dataclass(eq=False)
class _Range(Generic[AnArea, APart]):
    """The keys of an area after ``after``, up to and with ``upto``.

    Attributes
    ----------
    folder
        Where to look for folders to cut at, if that is still to be done.
    at, token
        The last key taken, and the token of the page that follows.
    depth
        The first place at which the keys of the last page differ.
    is_long
        Whether more pages follow, enough to share them.
    cuts
        How often the far half has been given away.
    """

    area: AnArea
    part: APart
    after: str
    upto: str | None
    folder: str | None
    at: str = ""
    token: str = ""
    depth: int = 0
    pages: int = 0
    is_long: bool = False
    cuts: int = 0


def list_areas(
    fetch: Fetch, areas: Sequence[AnArea], make_part: Callable[[AnArea], APart], workers: int = WORKERS
) -> list[APart]:
    """List areas and hand each object to a part, exactly once.

    Parameters
    ----------
    fetch
        Lists a page.
    areas
        Where to list; no object lies in two of them.
    make_part
        Called for each range, with its area.
    workers
        Threads at most.

    Returns
    -------
    list
        The parts, in the order of the areas and of the keys in them.

    Raises
    ------
    Exception
        The first failure of any thread; the others stop.
    """
    listing = _Listing(fetch, make_part, workers)
    ranges = listing.run(areas)
    order = {id(area): number for number, area in enumerate(areas)}
    ranges.sort(key=lambda each: (order[id(each.area)], each.after))
    return [each.part for each in ranges]


class _Listing(Generic[AnArea, APart]):
    def __init__(self, fetch: Fetch, make_part: Callable[[AnArea], APart], workers: int) -> None:
        self._fetch, self._make_part, self._workers = fetch, make_part, workers
        self._ranges: list[_Range[AnArea, APart]] = []
        self._waiting: deque[_Range[AnArea, APart]] = deque()
        self._active: set[_Range[AnArea, APart]] = set()
        self._threads: list[threading.Thread] = []
        self._characters: dict[int, str] = {}
        self._changed = threading.Condition()
        self._error: BaseException | None = None

    def run(self, areas: Sequence[AnArea]) -> list[_Range[AnArea, APart]]:
        with self._changed:
            self._waiting.extend(self._range(area, "", None, area.prefix) for area in areas)
            self._grow(len(areas))
        try:
            # Threads start further threads, so the list grows while this goes over it.
            for thread in self._threads:
                thread.join()
        except BaseException as error:
            self._fail(error)
            raise
        if self._error:
            raise self._error
        return self._ranges

    def _range(self, area: AnArea, after: str, upto: str | None, folder: str | None) -> _Range[AnArea, APart]:
        made = _Range(area, self._make_part(area), after, upto, folder, at=after)
        self._ranges.append(made)
        return made

    def _grow(self, wanted: int) -> None:
        for _ in range(min(wanted, self._workers) - len(self._threads)):
            thread = threading.Thread(target=self._work, daemon=True)
            self._threads.append(thread)
            thread.start()

    def _fail(self, error: BaseException) -> None:
        with self._changed:
            self._error = self._error or error
            self._changed.notify_all()

    def _work(self) -> None:
        try:
            while (mine := self._next()) is not None:
                while self._read_page(mine):
                    if mine.is_long and mine.folder is not None and self._has_room():
                        self._cut_at_folders(mine, mine.folder)
                with self._changed:
                    self._active.remove(mine)
                    self._changed.notify_all()
        except Exception as error:
            self._fail(error)

    def _next(self) -> _Range[AnArea, APart] | None:
        with self._changed:
            while not self._error:
                found = self._waiting.popleft() if self._waiting else self._far_half()
                if found:
                    self._active.add(found)
                    return found
                if not self._active:
                    self._changed.notify_all()
                    return None
                self._changed.wait()
        return None

    def _read_page(self, mine: _Range[AnArea, APart]) -> bool:
        """Read the next page of a range and say whether there are more."""
        after = "" if mine.token else mine.after
        page = self._fetch(mine.area.bucket, mine.area.prefix, after=after, token=mine.token)
        objects = page.objects
        with self._changed:
            # The end may have come nearer since the page was asked for.
            upto = mine.upto
            is_over = upto is not None and bool(objects) and objects[-1].key > upto
            if is_over:
                objects = objects[: bisect_right(objects, str(upto), key=_key)]
            goes_on = bool(page.token) and not is_over and not self._error
            mine.token, mine.pages = page.token, mine.pages + 1
            if objects:
                mine.at = objects[-1].key
                mine.depth = first_difference(objects[0].key, mine.at)
            mine.is_long = goes_on and (mine.pages >= _PAGES_ALONE or mine.after != "")
            if mine.is_long:
                self._learn(mine.area, objects)
                self._grow(self._workers)
                self._changed.notify_all()
        if objects:
            mine.part.add(objects)
        return goes_on

    def _learn(self, area: AnArea, objects: Sequence[S3Object]) -> None:
        known, start = self._characters.get(id(area), ""), len(area.prefix)
        seen = set(known).union(*(found.key[start:] for found in objects[::_SAMPLE]))
        if len(seen) > len(known):
            self._characters[id(area)] = "".join(sorted(seen))

    def _has_room(self) -> bool:
        with self._changed:
            return len(self._active) + len(self._waiting) < self._workers

    def _cut_at_folders(self, mine: _Range[AnArea, APart], folder: str) -> None:
        folders = self._folders(mine.area.bucket, folder)
        with self._changed:
            mine.folder = None
            ahead = [each for each in folders if mine.at < each and (mine.upto is None or each < mine.upto)]
            ends = [*ahead[:: -(-len(ahead) // _PIECES) or 1], mine.upto]
            if ahead:
                mine.upto = ends[0]
                for after, upto in pairwise(ends):
                    self._waiting.append(self._range(mine.area, str(after), upto, after))
                self._changed.notify_all()

    def _folders(self, bucket: str, folder: str) -> list[str]:
        """Return the folders in one, or in the only one in it, and so on."""
        page = self._fetch(bucket, folder, delimiter="/")
        while len(page.folders) == 1 and not page.objects:
            page = self._fetch(bucket, page.folders[0], delimiter="/")
        return page.folders

    def _far_half(self) -> _Range[AnArea, APart] | None:
        long = [each for each in self._active if each.is_long]
        cuts = [(cut, each) for each in long if (cut := self._cut(each)) is not None]
        if not cuts:
            return None
        cut, longest = min(cuts, key=lambda found: found[0])
        half = self._range(longest.area, cut.key, longest.upto, None)
        longest.upto = cut.key
        longest.cuts += 1
        return half

    def _cut(self, found: _Range[AnArea, APart]) -> Cut | None:
        characters = self._characters[id(found.area)]
        digits = "".join(character for character in characters if character in DIGITS)
        # In turns: digits are the better guess, but names may differ in nothing but letters.
        ways: list[tuple[str, frozenset[str] | None]] = [(digits, DIGITS), (characters, None)]
        for way in ways if found.cuts % 2 == 0 else reversed(ways):
            cut = find_cut(found.at, found.upto, found.depth, *way)
            if cut:
                return cut
        return None


def _key(found: S3Object) -> str:
    return found.key
