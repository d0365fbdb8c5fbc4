from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from lambdas.inputs.pages import S3Object
from lambdas.inputs.tally import SMALL_FILE_BYTES, Tally

FOLDERS = st.lists(st.sampled_from(["a=1", "a=2", "b=", "b=x", "sub", "_t", "_t=1", ".h"]), max_size=3)
NAMES = st.sampled_from(["x.csv", "y.csv.gz", "z.snappy.parquet", "_SUCCESS", "", "part.0001", "_p=1"])
OBJECTS = st.builds(
    lambda folders, name, number, size, cls: S3Object("/".join(["in", *folders, f"{number}{name}"]), size, "", cls),
    FOLDERS,
    NAMES,
    st.integers(0, 3).map(lambda n: str(n) if n else ""),
    st.sampled_from([0, 1, SMALL_FILE_BYTES - 1, SMALL_FILE_BYTES, 10**9]),
    st.sampled_from(["STANDARD", "GLACIER_IR", "GLACIER"]),
)


def tally_of(objects: Sequence[S3Object]) -> Tally:
    tally = Tally()
    tally.add("bucket", objects, lambda key: key.removeprefix("in/"))
    return tally


def facts(tally: Tally) -> tuple[object, ...]:
    kinds = {kind: (volume.bytes, volume.files, volume.largest) for kind, volume in tally.kinds.items()}
    archived = (tally.archived, tally.archived_bytes, tally.archived_example)
    return kinds, dict(tally.storage_classes), tally.small_files, tally.partitions, tally.ignored, archived


@given(st.lists(OBJECTS, unique_by=lambda found: found.key, max_size=30), st.lists(st.integers(0, 30), max_size=4))
def test_it_does_not_matter_where_a_listing_is_cut(objects: list[S3Object], cuts: list[int]) -> None:
    objects.sort()
    ends = [0, *sorted(min(cut, len(objects)) for cut in cuts), len(objects)]
    whole = Tally()
    for start, end in pairwise(ends):
        whole.follow_with(tally_of(objects[start:end]))
    assert facts(whole) == facts(tally_of(objects))


def hidden(part: str) -> bool:
    return part.startswith(".") or (part.startswith("_") and "=" not in part)


@given(st.lists(OBJECTS, unique_by=lambda found: found.key, max_size=30))
def test_against_the_rules_one_by_one(objects: list[S3Object]) -> None:
    objects.sort()
    data = [o for o in objects if o.size and not o.key.endswith("/") and not any(map(hidden, o.key.split("/")[1:]))]
    read = [found for found in data if found.storage_class != "GLACIER"]
    tally = tally_of(objects)
    assert tally.files == len(read)
    assert tally.archived == len(data) - len(read)
    assert tally.ignored == len(objects) - len(data)
    assert sum(tally.storage_classes.values()) == sum(found.size for found in read)
    assert tally.small_files == sum(found.size < SMALL_FILE_BYTES for found in read)
    partitions = {partition(found.key) for found in read} - {""}
    assert tally.partitions >= len(partitions)


def partition(key: str) -> str:
    folders = key.split("/")[:-1]
    last = max((number for number, folder in enumerate(folders, 1) if "=" in folder), default=0)
    return "/".join(folders[:last])


def test_partitions_of_a_table() -> None:
    keys = [f"in/y=2026/m={month:02}/part-{number}.parquet" for month in range(1, 13) for number in range(3)]
    assert tally_of([S3Object(key, 1) for key in sorted(keys)]).partitions == 12
    assert tally_of([S3Object("in/a.csv", 1), S3Object("in/b/c.csv", 1)]).partitions == 0
    nested = ["in/a=1/sub/x", "in/a=1/sup/y", "in/a=2/_SUCCESS", "in/a=3/z"]
    assert tally_of([S3Object(key, 1) for key in nested]).partitions == 2
