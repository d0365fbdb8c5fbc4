"""Which cluster a terminate ends: where the ids of the created clusters go, and which of them an expression names.

What cannot be told is decided for the definition: such a terminate ends every cluster.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from scripts.certify.static.actions import Action, Kind, argument, arguments
from scripts.certify.static.graph import Scope, State, strings

# A variable or a path of the state's input, in JSONPath ($.a.b, $name) as in JSONata ($states.input.a.b, $name).
_REFERENCE = re.compile(r"\$\$?[A-Za-z_]*\w*(?:\.[A-Za-z_]\w*|\[\d+\])*")
_CLUSTER_ID = re.compile(r"^j-[A-Z0-9]+$")
_ROOT = "$"


class Knowledge(Enum):
    """What the execution knows of a cluster it may hold."""

    KNOWN = auto()
    UNSEEN = auto()  # its create failed or timed out, so no result told the id
    OVERWRITTEN = auto()  # the id was told, and another's was written over it


@dataclass(frozen=True)
class _Place:
    """Where an id may stand: a variable (of any scope, so ``scope`` is None) or a path of a scope's data."""

    text: str
    scope: Scope | None

    def covers(self, other: "_Place") -> bool:
        """Whether what stands at the other place is part of what stands here, or the other way round."""
        if self.scope is not other.scope:
            return False
        shorter, longer = sorted((self.text, other.text), key=len)
        return longer == shorter or longer.startswith((f"{shorter}.", f"{shorter}["))


@dataclass
class Ids:
    """Where the ids of all created clusters go.

    Attributes
    ----------
    places
        Of each creating state, where its id may stand.
    written
        Of each creating state, where its own result is written.
    """

    places: dict[State, set[_Place]] = field(default_factory=dict)
    written: dict[State, set[_Place]] = field(default_factory=dict)
    _named: dict[State, frozenset[State]] = field(default_factory=dict)

    def named(self, terminate: State) -> frozenset[State]:
        """Return the creating states whose cluster a terminate clearly names; empty when it cannot be told."""
        if terminate not in self._named:
            references = [place for text in _id_texts(terminate) for place in _references(text, terminate)]
            self._named[terminate] = frozenset(
                create
                for create, places in self.places.items()
                if any(place.text != _ROOT and place.covers(named) for place in places for named in references)
            )
        return self._named[terminate]

    def ends(self, terminate: State, done: Action, create: State, knowledge: Knowledge) -> bool:
        """Whether a terminate ends the cluster of a creating state."""
        if done.kind is Kind.REAP:
            return True
        texts = list(_id_texts(terminate))
        if texts and all(_CLUSTER_ID.match(text) for text in texts):
            return False
        if knowledge is Knowledge.OVERWRITTEN:
            return not any(_references(text, terminate) for text in texts)
        named = self.named(terminate)
        return not named or create in named

    def overwrites(self, writer: State, create: State) -> bool:
        """Whether a creating state's result is written over every place where another's id may stand."""
        over, stands = self.written[writer], self.places[create]
        return bool(stands) and all(any(_replaces(new, old) for new in over) for old in stands)


def _replaces(new: _Place, old: _Place) -> bool:
    return new.scope is old.scope and len(new.text) <= len(old.text) and new.covers(old)


def find_ids(states: Sequence[State], creates: Sequence[State]) -> Ids:
    """Follow the ids of created clusters through results, variables and outputs.

    Parameters
    ----------
    states
        Every reachable state; the order in which they run is not considered, so an id may stand in more places than
        it really does, which only makes the analysis milder.
    creates
        Those that create a cluster.
    """
    ids = Ids()
    for create in creates:
        ids.written[create] = set(_result_places(create))
        ids.places[create] = set(ids.written[create])
    moves = [move for state in states for move in _moves(state)]
    changed = True
    while changed:
        changed = False
        for places in ids.places.values():
            reached = {target for target, sources in moves if _meet(sources, places)} - places
            places.update(reached)
            changed = changed or bool(reached)
    return ids


def _meet(sources: Iterable[_Place], places: set[_Place]) -> bool:
    return any(place.covers(source) for source in sources for place in places)


def _result_places(create: State) -> Iterator[_Place]:
    for name, value in _assigned(create.body):
        if _tells_result(value, create.jsonata):
            yield _Place(f"${name}", None)
    if create.jsonata:
        output = create.body.get("Output", "{% $states.result %}")
        if isinstance(output, Mapping):
            for name, value in output.items():
                if _tells_result(value, jsonata=True):
                    yield _Place(f"$.{name}", create.scope)
        elif _tells_result(output, jsonata=True):
            yield _Place(_ROOT, create.scope)
    elif create.body.get("ResultPath", _ROOT) is not None:
        yield _Place(str(create.body.get("ResultPath", _ROOT)), create.scope)


def _tells_result(value: Any, jsonata: bool) -> bool:
    texts = list(strings(value))
    return any("$states.result" in text for text in texts) if jsonata else any(text.startswith("$") for text in texts)


def _moves(state: State) -> Iterator[tuple[_Place, list[_Place]]]:
    """Yield where a state copies what, as far as it is told by names."""
    for body in (state.body, *state.body.get("Catch", [])):
        for name, value in _assigned(body):
            yield _Place(f"${name}", None), _sources(value, state)
        output = body.get("Output")
        if isinstance(output, Mapping):
            for name, value in output.items():
                yield _Place(f"$.{name}", state.scope), _sources(value, state)
        elif output is not None:
            yield _Place(_ROOT, state.scope), _sources(output, state)
    parameters = state.body.get("Parameters")
    if state.type == "Pass" and isinstance(parameters, Mapping):
        base = str(state.body.get("ResultPath") or _ROOT)
        for name, value in parameters.items():
            yield _Place(f"{base}.{name.removesuffix('.$')}", state.scope), _sources(value, state)


def _assigned(body: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    given = body.get("Assign")
    if isinstance(given, Mapping):
        for name, value in given.items():
            yield name.removesuffix(".$"), value


def _sources(value: Any, state: State) -> list[_Place]:
    return [place for text in strings(value) for place in _references(text, state)]


def _references(text: str, state: State) -> list[_Place]:
    """Return the variables and input paths an expression names; what comes from elsewhere is left out."""
    if not (text.lstrip().startswith("{%") if state.jsonata else text.startswith(("$", "States."))):
        return []
    found = []
    for reference in _REFERENCE.findall(text):
        if reference.startswith("$states.input"):
            found.append(_Place("$" + reference.removeprefix("$states.input"), state.scope))
        elif reference.startswith("$.") and not state.jsonata:
            found.append(_Place(reference, state.scope))
        elif re.match(r"^\$[A-Za-z]", reference) and not reference.startswith("$states"):
            found.append(_Place(reference, None))
    return found


def _id_texts(terminate: State) -> Iterator[str]:
    given = arguments(terminate)
    values = [argument(terminate, "ClusterId"), argument(terminate, "JobFlowIds")]
    yield from strings(given if isinstance(given, str) else values)
