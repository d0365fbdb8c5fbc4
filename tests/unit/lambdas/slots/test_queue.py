"""Whatever happens to executions, Lambdas and events: no slot too many, none lost, and no one passed over."""

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.lambdas.slots.world import World


def _of_runs(choose: Callable[[World], list[object]], act: str) -> Callable[[World, int], None]:
    def do(world: World, which: int) -> None:
        if found := choose(world):
            getattr(world, act)(found[which % len(found)])

    return do


def _with_lambda(act: Callable[[World, int], None]) -> Callable[[World, int], None]:
    return lambda world, which: act(world, which) if world.lambdas else None


_step = _with_lambda(lambda world, which: world.step(which))

ACTS: dict[str, Callable[[World, int], object]] = {
    "start": lambda world, _: world.start(),
    "step": _step,
    "some steps": lambda world, which: [_step(world, which) for _ in range(3)],
    "cut off": _with_lambda(lambda world, which: world.step(which, cut=True)),
    "take for dead": _with_lambda(lambda world, which: world.give_up(which)),
    "finish": _of_runs(lambda world: list(world.at_work()), "end"),
    "abort": _of_runs(lambda world: [run for run in world.runs.values() if not run.over], "end"),
    "end, heard of": _of_runs(lambda world: [run for run in world.runs.values() if not run.over], "end_heard"),
    "announce": _of_runs(lambda world: [run for run in world.runs.values() if run.over], "announce"),
    "sweep": lambda world, _: world.sweep(),
    "settle": lambda world, _: world.settle(),
}
_OFTEN = ["step"] * 10 + ["some steps"] * 5
_ACTS = st.tuples(st.sampled_from([*_OFTEN, *ACTS]), st.integers(0, 5))
_GOOD_ACTS = st.tuples(st.sampled_from(["step"] * 10 + ["start", "take for dead", "end, heard of"]), st.integers(0, 5))


def check(world: World) -> None:
    assert len(world.at_work()) <= world.limit
    assert world.passed_over == []


def check_at_rest(world: World) -> None:
    world.settle()
    check(world)
    at_work, waiting = world.at_work(), world.waiting()
    assert world.memory.holders.keys() == {run.execution.name for run in at_work}
    assert world.memory.tickets.keys() >= {run.execution.name for run in waiting}
    assert not waiting or len(at_work) == world.limit


@settings(max_examples=200)
@given(st.integers(1, 3), st.integers(1, 5), st.lists(_ACTS, max_size=100))
def test_slots_are_neither_lost_nor_given_twice(limit: int, runs: int, acts: list[tuple[str, int]]) -> None:
    world = World(limit)
    for _ in range(runs):
        world.start()
    for act, which in acts:
        ACTS[act](world, which)
        check(world)
    check_at_rest(world)
    while at_work := world.at_work():
        world.end(at_work[0])
        check_at_rest(world)
    assert all(run.over for run in world.runs.values())
    assert world.memory.tickets == world.memory.holders == {}


@settings(max_examples=200)
@given(st.integers(1, 3), st.integers(1, 5), st.lists(_GOOD_ACTS, max_size=80))
def test_the_sweep_is_not_needed_where_nothing_is_lost(limit: int, runs: int, acts: list[tuple[str, int]]) -> None:
    world = World(limit)
    for _ in range(runs):
        world.start()
    for act, which in acts:
        ACTS[act](world, which)
        check(world)
    world.come_to_rest()
    assert world.memory.holders.keys() == {run.execution.name for run in world.at_work()}
    assert not world.waiting() or len(world.at_work()) == limit


def test_who_was_outrun_looks_again() -> None:
    """The first has looked before the second came, and the second before the first was served."""
    world = World(2)
    calls_before_grant = 5
    for which in (0, 1):
        world.start()
        for _ in range(calls_before_grant):
            world.step(which)
    world.come_to_rest()
    assert len(world.at_work()) == 2


def test_they_go_in_the_order_in_which_they_started() -> None:
    world = World(1)
    for _ in range(5):
        world.start()
    while world.lambdas:
        world.step(-1)
    order = []
    while at_work := world.at_work():
        (run,) = at_work
        order.append(run.execution.name)
        world.end(run)
        world.announce(run)
        while world.lambdas:
            world.step(0)
    assert order[1:] == [name for name in world.runs if name != order[0]]


def test_a_limit_that_is_lowered_lets_nobody_in_until_enough_have_ended() -> None:
    world = World(3)
    for _ in range(4):
        world.start()
    world.settle()
    world.limit = 1
    for left in (2, 1):
        world.end(world.at_work()[0])
        world.settle()
        assert (len(world.at_work()), len(world.waiting())) == (left, 1)
    world.end(world.at_work()[0])
    world.settle()
    assert (len(world.at_work()), world.waiting()) == (1, [])
