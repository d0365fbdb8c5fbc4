from collections import Counter

import pytest

from scripts.bench.events.send import plan


@pytest.mark.parametrize("events", [100, 303, 10_000])
def test_every_object_is_put_before_it_is_announced_again(events: int) -> None:
    planned = plan(events)
    assert len(planned.acts) == events
    assert planned.objects == events - events // 10
    seen: set[int] = set()
    again: Counter[str] = Counter()
    for act, number in planned.acts:
        if number in seen:
            again[act] += 1
        else:
            assert (act, number) == ("put", len(seen))
            seen.add(number)
    assert len(seen) == planned.objects
    assert abs(again["put"] - again["announce"]) <= 1
    assert again.total() == events // 10
