from io import StringIO

import pytest
from rich.console import Console

from lambdas.inputs.pages import KEYS_PER_PAGE
from scripts.bench.fake_s3 import LAYOUTS, PREFIX, Layout, Listing, key_function
from scripts.bench.listing import GOAL_MIB, measure, table


@pytest.mark.parametrize("layout", LAYOUTS)
def test_keys_rise_with_their_numbers(layout: Layout) -> None:
    keys = list(map(key_function(layout, 5_000), range(5_000)))
    assert keys == sorted(set(keys))
    assert all(key.startswith(PREFIX) for key in keys)


@pytest.mark.parametrize(
    ("query", "objects", "folders"),
    [
        (f"prefix={PREFIX}", KEYS_PER_PAGE, 0),
        (f"prefix={PREFIX}&max-keys=10", 10, 0),
        (f"prefix={PREFIX}&start-after={PREFIX}p62/z", 28, 0),
        (f"prefix={PREFIX}p01/&continuation-token={PREFIX}p01/part-000009-z", 30, 0),
        (f"prefix={PREFIX}&delimiter=/", 0, 64),
        ("prefix=elsewhere/", 0, 0),
    ],
)
def test_the_fake_answers_as_s3(query: str, objects: int, folders: int) -> None:
    body = Listing(key_function("prefixes", 2_548), 2_548).answer(f"/bench?list-type=2&{query}")
    assert body.count("<Contents>") == objects
    assert body.count("<CommonPrefixes>") == folders
    assert f"<IsTruncated>{str(0 < objects < 20 or objects == KEYS_PER_PAGE).lower()}</IsTruncated>" in body


def test_many_objects_are_listed_faster_in_parallel_and_with_little_memory() -> None:
    measured = measure(8_000, 0.1)
    for found in measured["layouts"].values():
        assert found["parallel"]["files"] == found["sequential"]["files"] == 8_000
        assert found["times_faster"] > 1.5
        assert found["parallel"]["memory_mib"] < GOAL_MIB
    console = Console(file=StringIO(), width=120)
    console.print(table(measured))
