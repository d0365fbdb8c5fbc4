"""Follow one created cluster through the graph: every place where the execution may still hold it."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from scripts.certify.static.actions import Action, Kind, retries_failures
from scripts.certify.static.clusters import Ids, Knowledge
from scripts.certify.static.failures import Escapes, Failure, Reason, may_be_tolerated, own_failures, passes
from scripts.certify.static.graph import Scope, State


@dataclass(frozen=True)
class Holding:
    """How the execution holds the cluster.

    Attributes
    ----------
    knowledge
        What it knows of the id.
    left
        How many of the Parallels and Maps around the create, from the inside, the cluster has come out of: what they
        do when they are entered again, they do to a cluster from before.
    """

    knowledge: Knowledge
    left: int = 0

    def knowing(self, knowledge: Knowledge) -> "Holding":
        """Return the same with other knowledge."""
        return replace(self, knowledge=knowledge)


@dataclass(frozen=True)
class Point:
    """A state entered while the cluster may live."""

    state: State
    holding: Holding


@dataclass(frozen=True)
class Leak:
    """A way the execution loses the cluster: it ends, fails with ``failure``, or comes to ``state`` again."""

    state: State
    via: Point
    failure: Failure | None = None


@dataclass(frozen=True)
class Machine:
    """What every trace of a definition shares."""

    actions: Mapping[State, Action]
    ids: Ids
    escapes: Escapes

    def ends(self, state: State, create: State, holding: Holding) -> bool:
        """Whether a state ends the cluster of a creating state."""
        done = self.actions[state]
        return done.kind in (Kind.TERMINATE, Kind.REAP) and self.ids.ends(state, done, create, holding.knowledge)


@dataclass
class Trace:
    """Where one cluster may be held.

    Attributes
    ----------
    came
        Every point, with the point before it and the state that failed in between, if another one did.
    ends, repeats, uncaught
        Where the execution ends, creates again, or fails for good while the cluster may live.
    """

    create: State
    came: dict[Point, tuple[Point, State | None] | None] = field(default_factory=dict)
    ends: list[Leak] = field(default_factory=list)
    repeats: list[Leak] = field(default_factory=list)
    uncaught: list[Leak] = field(default_factory=list)

    def path(self, via: Point, last: State) -> tuple[str, ...]:
        """Return the labels of the states from the create to a place, the shortest way."""
        labels = []
        step: tuple[Point, State | None] | None = (via, last if last is not via.state else None)
        while step is not None:
            point, failed = step
            labels += [failed.label] if failed else []
            labels.append(point.state.label)
            step = self.came[point]
        return tuple(reversed(labels))


def follow(create: State, machine: Machine, *, alone: bool = False) -> Trace:
    """Return everywhere a cluster may still live after a state began to create it.

    Parameters
    ----------
    create, machine
        The state, and the definition it is in.
    alone
        Whether to look at each iteration of a Map as if no other one could stop it by failing while it runs.
    """
    return _Walk(create, machine, alone).run()


class _Walk:
    def __init__(self, create: State, machine: Machine, alone: bool) -> None:
        self._create = create
        self._machine = machine
        self._alone = alone
        self._trace = Trace(create)
        self._todo: deque[Point] = deque()
        self._joined: dict[State, dict[Scope, set[Holding]]] = {}
        self._failed: set[tuple[State, Failure, Holding]] = set()

    def run(self) -> Trace:
        root = Point(self._create, Holding(Knowledge.KNOWN))
        self._trace.came[root] = None
        self._task(root)
        self._siblings(root)
        while self._todo:
            self._step(self._todo.popleft())
        return self._trace

    def _arrive(self, state: State, holding: Holding, via: Point, failed: State | None = None) -> None:
        if state is self._create:
            self._trace.repeats.append(Leak(state, via))
            return
        point = Point(state, holding)
        if point not in self._trace.came:
            self._trace.came[point] = (via, None if failed is via.state else failed)
            self._todo.append(point)

    def _step(self, point: Point) -> None:
        state = point.state
        if state.type == "Task":
            self._task(point)
            return
        for failure in own_failures(state):
            self._fails(state, failure, point.holding, point)
        for target in state.choices:
            self._arrive(target, point.holding, point)
        if state.branches:
            self._enter(point)
        elif state.type in ("Pass", "Wait", "Succeed"):
            self._succeeds(state, point.holding, point)

    def _task(self, point: Point) -> None:
        state, holding = point.state, point.holding
        created = state is self._create
        done = self._machine.actions[state]
        ended = not created and self._machine.ends(state, self._create, holding)
        if not ended:
            over = not created and done.kind is Kind.CREATE and self._machine.ids.overwrites(state, self._create)
            self._succeeds(state, holding.knowing(Knowledge.OVERWRITTEN) if over else holding, point)
        if not (ended and retries_failures(state, done)):
            failure = Failure(state, Reason.TASK)
            self._fails(state, failure, holding.knowing(Knowledge.UNSEEN) if created else holding, point)

    def _enter(self, point: Point) -> None:
        for branch in point.state.branches:
            self._arrive(branch.start, point.holding, point)
        if point.state.type == "Map" and not self._is_per_item(point.state):
            self._succeeds(point.state, point.holding, point)  # a Map over nothing

    def _is_per_item(self, ending: State) -> bool:
        """Whether the cluster is one of an earlier Map's, so that a Map over nothing means there is none."""
        return any(around.type == "Map" and around not in (ending, *ending.holds) for around in self._create.holds)

    def _succeeds(self, state: State, holding: Holding, via: Point) -> None:
        if state.next:
            self._arrive(state.next, holding, via)
        elif state.scope.owner is None:
            self._trace.ends.append(Leak(state, via))
        else:
            self._joins(state.scope.owner, state.scope, holding, via)

    def _joins(self, owner: State, branch: Scope, holding: Holding, via: Point) -> None:
        if owner.type == "Parallel" and not self._is_inside(owner, holding):
            self._joins_from_before(owner, branch, holding, via)
        elif owner.type == "Map" or all(self._machine.escapes.can_end(other) for other in owner.branches):
            self._completes(owner, holding, via)

    def _completes(self, owner: State, holding: Holding, via: Point) -> None:
        left = self._leave(owner, holding)
        if left != holding:
            for failure in own_failures(owner):
                self._fails(owner, failure, left, via)
            if owner.sequential or self._alone:  # another iteration may fail after this one left its cluster
                self._interrupt(owner, owner.branches, left, via)
        self._succeeds(owner, left, via)

    def _joins_from_before(self, owner: State, branch: Scope, holding: Holding, via: Point) -> None:
        # Every branch runs: a cluster from before the Parallel outlives it only if every branch may leave it alone.
        ended = self._joined.setdefault(owner, {})
        ended.setdefault(branch, set()).add(holding)
        if len(ended) == len(owner.branches):
            for each in sorted(set().union(*ended.values()), key=lambda held: (held.left, held.knowledge.value)):
                self._succeeds(owner, each, via)

    def _is_inside(self, owner: State, holding: Holding) -> bool:
        return owner in self._create.holds[holding.left :]

    def _leave(self, owner: State, holding: Holding) -> Holding:
        inside = self._is_inside(owner, holding)
        return replace(holding, left=self._create.holds.index(owner) + 1) if inside else holding

    def _fails(self, state: State, failure: Failure, holding: Holding, via: Point) -> None:
        """Go where a failing state leads: its Retry (of a Parallel or Map), its Catch, the state around it, the end."""
        if (state, failure, holding) in self._failed:
            return
        self._failed.add((state, failure, holding))
        catchable = failure.reason is not Reason.NO_CHOICE
        if catchable and state.branches and state.retries:
            self._arrive(state, holding, via, failure.state)
        targets, caught = state.catchers(failure.error) if catchable else ([], False)
        for target in targets:
            self._arrive(target, holding, via, failure.state)
        if not caught:
            self._escapes(state.scope.owner, failure, holding, via)

    def _escapes(self, owner: State | None, failure: Failure, holding: Holding, via: Point) -> None:
        if owner is None:
            self._trace.uncaught.append(Leak(failure.state, via, failure))
            return
        if may_be_tolerated(failure, owner):
            self._completes(owner, holding, via)
        outer = passes(failure, owner)
        if outer:
            self._fails(owner, outer, self._leave(owner, holding), via)

    def _siblings(self, root: Point) -> None:
        # A branch or an iteration that fails stops the others, wherever they are, and no Catch inside them runs.
        inside = self._create
        for owner in self._create.holds:
            left = self._leave(owner, root.holding)
            if owner.type == "Parallel":
                self._interrupt(owner, [branch for branch in owner.branches if branch is not inside.scope], left, root)
            elif not owner.sequential and not self._alone:
                self._interrupt(owner, owner.branches, left, root)
            inside = owner

    def _interrupt(self, owner: State, branches: Sequence[Scope], left: Holding, via: Point) -> None:
        for branch in branches:
            for failure in self._machine.escapes.of(branch):
                outer = passes(failure, owner)
                if outer:
                    self._fails(owner, outer, left, via)
