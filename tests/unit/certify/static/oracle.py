"""Run a definition in every possible way, one small step at a time, and note where clusters are lost.

It shares nothing with the analysis: it keeps all clusters at once, interleaves the branches of a Parallel and up to two
iterations of a Map, and knows one level of nesting. Three conventions are the analysis's own: a terminate with a Retry
has ended its clusters whatever its outcome, one inside a branch is not relied on for another branch's clusters, and a
state that some arrow leads to is reached.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Body = dict[str, Any]
Cluster = tuple[str, int | None]  # the state that created it, and the branch or iteration that still holds it alone
Owned = frozenset[Cluster]
Inside = tuple[str | None, ...]  # where every branch is; None when it has ended


@dataclass(frozen=True)
class Config:
    at: str
    inside: Inside | None
    owned: Owned


@dataclass(frozen=True)
class Failed:
    label: str
    rule: str
    error: str | None
    forgiven: Owned  # what a terminate without Retry should have ended: its own finding says so


def losses(definition: Body) -> set[tuple[str, str]]:
    """Return rule and state of everything that can go wrong."""
    return _Run(definition).explore()


class _Run:
    def __init__(self, definition: Body) -> None:
        self.states: dict[str, Body] = definition["States"]
        self.reached = _reached(definition)
        self.named = {name for name in self.reached if "createCluster" in self.states[name].get("Resource", "")}
        self.lost: set[tuple[str, str]] = set()

    def explore(self) -> set[tuple[str, str]]:
        todo = [Config(name, None, frozenset()) for name in self.reached]
        seen: set[Config] = set()
        while todo:
            config = todo.pop()
            if config not in seen:
                seen.add(config)
                todo += self.step(config)
        return self.lost

    def step(self, config: Config) -> Iterator[Config]:
        state = self.states[config.at]
        if config.inside is not None:
            yield from self.step_inside(config, state, config.inside)
        elif state["Type"] == "Parallel":
            yield Config(config.at, tuple(branch["StartAt"] for branch in state["Branches"]), config.owned)
        elif state["Type"] == "Map":
            for count in range(3):
                yield Config(config.at, (state["ItemProcessor"]["StartAt"],) * count, config.owned)
        else:
            for owned, target, failed in self.outcomes(config.at, config.at, state, config.owned, None):
                if failed:
                    self.lose(failed, owned - failed.forgiven)
                elif target is None:
                    yield from self.end(config.at, owned)
                else:
                    yield Config(target, None, owned)

    def end(self, name: str, owned: Owned) -> Iterator[Config]:
        if owned:
            self.lost.add(("end-while-owning", name))
        yield from ()

    def lose(self, failed: Failed, owned: Owned) -> None:
        if owned:
            self.lost.add((failed.rule, failed.label))

    def step_inside(self, config: Config, owner: Body, inside: Inside) -> Iterator[Config]:
        running = [number for number, name in enumerate(inside) if name is not None]
        if not running:
            owned = _shared(config.owned)
            if "Next" in owner:
                yield Config(owner["Next"], None, owned)
            else:
                yield from self.end(config.at, owned)
        for number in running[:1] if owner.get("MaxConcurrency") == 1 else running:
            branch = owner["Branches"][number] if owner["Type"] == "Parallel" else owner["ItemProcessor"]
            name = inside[number] or ""
            label = f"{config.at} > {name}"
            for owned, target, failed in self.outcomes(name, label, branch["States"][name], config.owned, number):
                moved = (*inside[:number], target, *inside[number + 1 :])
                tolerated = (
                    owner.get("ToleratedFailurePercentage", 0) if failed and failed.error != "uncatchable" else 0
                )
                if not failed or tolerated:
                    yield Config(config.at, moved, owned)
                if failed and tolerated != 100:
                    yield from self.fail_owner(config.at, owner, failed, owned)

    def fail_owner(self, at: str, owner: Body, failed: Failed, owned: Owned) -> Iterator[Config]:
        blamed = _shared(owned - failed.forgiven)
        owned = _shared(owned)
        if failed.error == "uncatchable":
            self.lose(failed, blamed)
            return
        if owner.get("Retry"):
            yield Config(at, None, owned)
        caught = False
        for target, surely in _catches(owner, failed.error):
            yield Config(target, None, owned)
            caught = caught or surely
        if not caught:
            self.lose(failed, blamed)

    def outcomes(
        self, name: str, label: str, state: Body, owned: Owned, home: int | None
    ) -> Iterator[tuple[Owned, str | None, Failed | None]]:
        kind = state["Type"]
        if kind == "Fail" and home is None:
            yield owned, None, None
        elif kind == "Fail":
            around = self.states[label.split(" > ", maxsplit=1)[0]]["Type"].lower()
            yield owned, None, Failed(label, f"{around}-without-catch", state["Error"], frozenset())
        elif kind == "Choice":
            for target in [
                *(rule["Next"] for rule in state["Choices"]),
                *([state["Default"]] if "Default" in state else []),
            ]:
                yield owned, target, None
            if "Default" not in state:
                yield owned, None, Failed(label, "choice-without-default", "uncatchable", frozenset())
        elif kind == "Task":
            yield from self.task(label, state, owned, home)
        else:
            yield owned, state.get("Next"), None

    def task(
        self, label: str, state: Body, owned: Owned, home: int | None
    ) -> Iterator[tuple[Owned, str | None, Failed | None]]:
        after, after_error, forgiven = owned, owned, frozenset[Cluster]()
        if "createCluster" in state["Resource"]:
            if owned & {(label, home), (label, None)}:
                self.lost.add(("create-while-owning", label))
            after = after_error = owned | {(label, home)}
        elif _is_terminate(state):
            forgiven = frozenset(cluster for cluster in owned if self.is_ended(state, cluster, home))
            after = owned - forgiven
            after_error = after if state.get("Retry") else owned
        yield after, state.get("Next"), None
        caught = False
        for target, surely in _catches(state, None):
            yield after_error, target, None
            caught = caught or surely
        if not caught:
            yield after_error, None, Failed(label, "task-without-catch", None, forgiven)

    def is_ended(self, state: Body, cluster: Cluster, home: int | None) -> bool:
        path: str = state["Parameters"].get("ClusterId.$", "")
        name = path.split(".")[1] if path else None
        if name in self.named:
            return bool(cluster[0] == name)
        return home is None or cluster[1] in (None, home)


def _shared(owned: Owned) -> Owned:
    return frozenset((name, None) for name, _ in owned)


def _is_terminate(state: Body) -> bool:
    return bool("terminateCluster" in state["Resource"] or state["Parameters"].get("FunctionName") == "reap_clusters")


def _catches(state: Body, error: str | None) -> Iterator[tuple[str, bool]]:
    """Yield where an error may go, and whether it surely goes there if it comes so far."""
    for catcher in state.get("Catch", []):
        if catcher["ErrorEquals"] == ["States.ALL"] or error in catcher["ErrorEquals"]:
            yield catcher["Next"], True
            return
        if error is None:
            yield catcher["Next"], False


def _reached(definition: Body) -> set[str]:
    seen: set[str] = set()
    todo = [definition["StartAt"]]
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            state = definition["States"][name]
            todo += [
                rule["Next"] for rule in [state, *state.get("Catch", []), *state.get("Choices", [])] if "Next" in rule
            ]
            todo += [state["Default"]] if "Default" in state else []
    return seen
