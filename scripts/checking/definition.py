"""A state machine's definition as the rules look at it: this project's rendered ones, or anybody's."""

import datetime
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from lambdas.specs import Cluster, Job, SpecError, UnknownSpecError
from lambdas.specs.document import Key, dotted, read_document
from scripts.certify.static import DefinitionError, StaticReport, certify_definition
from scripts.certify.static import load_definition as load_graph
from scripts.certify.static.actions import Action, Kind, action
from scripts.certify.static.certify import DEFAULT_TERMINATES
from scripts.certify.static.clusters import Ids, find_ids
from scripts.certify.static.document import check
from scripts.certify.static.graph import Scope, State, build, reachable
from scripts.checking.definition_lines import json_lines, nearest
from scripts.checking.rules import Place
from scripts.checking.specs import Specs
from scripts.rendering.machine import RenderError, render_machine


@dataclass(frozen=True)
class Definition:
    """One definition.

    Attributes
    ----------
    file
        The file as findings name it.
    text
        What it says.
    data
        The same, parsed; empty when it is no definition.
    lines
        The line of every key and list item.
    today
        The day on which a release is too old or not.
    mistakes
        What keeps it from being read as a graph, each with its line. Other rules see no state then.
    """

    file: str
    text: str
    data: Mapping[str, Any]
    lines: Mapping[Key, int]
    today: datetime.date
    mistakes: tuple[tuple[int, str], ...] = ()

    def place(self, key: Key = ()) -> Place:
        """Return where something stands, or the nearest thing around it."""
        return Place(self.file, nearest(self.lines, key))

    def at(self, state: State, *key: str | int) -> Place:
        """Return where a state stands, or something in it."""
        return self.place((*state_key(state), *key))

    @cached_property
    def root(self) -> Scope | None:
        """The graph."""
        return None if self.mistakes else build(self.data)

    @cached_property
    def states(self) -> tuple[State, ...]:
        """Every state, also those inside a Parallel or Map."""
        return tuple(_every(self.root)) if self.root else ()

    @cached_property
    def by_label(self) -> Mapping[str, State]:
        """Every state by its label."""
        return {state.label: state for state in self.states}

    @cached_property
    def reached(self) -> frozenset[State]:
        """The states that may be reached."""
        return frozenset(reachable(self.root)) if self.root else frozenset()

    @cached_property
    def actions(self) -> Mapping[State, Action]:
        """What every state does to clusters."""
        return {state: action(state, DEFAULT_TERMINATES) for state in self.states}

    def of_kind(self, *kinds: Kind) -> list[State]:
        """Return the states that do something to clusters."""
        return [state for state in self.states if self.actions[state].kind in kinds]

    @cached_property
    def ids(self) -> Ids:
        """Where the ids of the created clusters go."""
        return find_ids(list(self.states), self.of_kind(Kind.CREATE))

    @cached_property
    def report(self) -> StaticReport | None:
        """What ``slow-lambda certify`` says about its graph."""
        return None if self.mistakes else certify_definition(self.data)


def load_definition(path: Path, today: datetime.date) -> Definition:
    """Read a definition in JSON or YAML; what is wrong with it is for the rules to say.

    Raises
    ------
    DefinitionError
        The file cannot be read.
    """
    try:
        data = load_graph(path)
    except DefinitionError as error:
        mistakes = tuple(_mistakes(str(error), str(path)))
        if not mistakes:
            raise
        return Definition(path.as_posix(), "", {}, {}, today, mistakes)
    text = path.read_text(encoding="utf-8-sig")
    lines = json_lines(text) if text.lstrip().startswith("{") else read_document(path, path).lines
    return Definition(path.as_posix(), text, data, lines, today)


def rendered_definitions(specs: Specs) -> list[Definition]:
    """Render every job whose specs can be loaded, named after the file that ``slow-lambda render`` writes."""
    return [_rendered(job, cluster, specs.today) for job, cluster in specs.complete]


def _rendered(job: Job, cluster: Cluster, today: datetime.date) -> Definition:
    file = f"build/state_machines/{job.name}.asl.json"
    try:
        text = render_machine(job, cluster)
    except (RenderError, SpecError, UnknownSpecError) as error:
        return Definition(file, "", {}, {}, today, ((1, str(error)),))
    return parse_definition(file, text, today)


def parse_definition(file: str, text: str, today: datetime.date) -> Definition:
    """Return the definition that a JSON text is."""
    data, lines = json.loads(text), json_lines(text)
    try:
        check(data)
    except DefinitionError as error:
        known = {dotted(key): line for key, line in lines.items()}
        mistakes = tuple((known.get(each.split(": ")[0], 1), each) for each in str(error).splitlines())
        return Definition(file, text, {}, lines, today, mistakes)
    return Definition(file, text, data, lines, today)


def _mistakes(message: str, path: str) -> Iterator[tuple[int, str]]:
    for line in message.splitlines():
        found = re.match(r":(\d+): (.*)", line.removeprefix(path))
        if found:
            yield int(found[1]), found[2]


def state_key(state: State) -> Key:
    """Return where a state stands in its definition."""
    return (*_scope_key(state.scope), "States", state.name)


def _scope_key(scope: Scope) -> Key:
    owner = scope.owner
    if owner is None:
        return ()
    if owner.type == "Parallel":
        return (*state_key(owner), "Branches", owner.branches.index(scope))
    return (*state_key(owner), "ItemProcessor" if "ItemProcessor" in owner.body else "Iterator")


def _every(scope: Scope) -> Iterator[State]:
    for state in scope.states.values():
        yield state
        for branch in state.branches:
            yield from _every(branch)


def own_fields(state: State) -> dict[str, Any]:
    """Return a state's fields without the states inside it."""
    return {name: value for name, value in state.body.items() if name not in ("Branches", "ItemProcessor", "Iterator")}
