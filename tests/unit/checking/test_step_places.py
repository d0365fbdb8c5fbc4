"""Which places the arguments of a step name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.specs import Job, Step
from scripts.checking.step_places import Named, named_places


def step(*args: str, output: tuple[str, ...] = ()) -> Step:
    return Step.model_validate({"name": "clean", "script": "clean.py", "args": args, "output": output, "timeout": "1h"})


def named(*args: str, output: tuple[str, ...] = ()) -> list[tuple[str, bool]]:
    job = Job.model_validate(
        {
            "name": "a-job",
            "description": "A job.",
            "cluster": "spark",
            "input": "s3://${data_bucket}/landing/",
            "steps": [step(*args, output=output).model_dump(exclude={"timeout"}) | {"timeout": "1h"}],
            "limits": {"max_nodes": 2},
        }
    )
    return [(each.address, each.is_output) for each in named_places(job)]


def place(address: str) -> Named:
    return Named(step(address), (), address, is_output=False)


@pytest.mark.parametrize(
    ("args", "wanted"),
    [
        (("--output", "s3://a-bucket/b/"), [("s3://a-bucket/b/", True)]),
        (("--output=s3://a-bucket/b/",), [("s3://a-bucket/b/", True)]),
        (("--clean-output", "s3://a-bucket/b/"), [("s3://a-bucket/b/", True)]),
        (("-out", "s3a://a-bucket/b"), [("s3a://a-bucket/b", True)]),
        (("--outline", "s3://a-bucket/b/"), [("s3://a-bucket/b/", False)]),
        (
            ("--input", "s3://a-bucket/a/", "s3://a-bucket/b/"),
            [("s3://a-bucket/a/", False), ("s3://a-bucket/b/", False)],
        ),
        (
            ("s3://a-bucket/a/", "--target", "s3://a-bucket/b/"),
            [("s3://a-bucket/a/", False), ("s3://a-bucket/b/", True)],
        ),
        (("--output", "results", "<< input >>"), []),
    ],
)
def test_what_is_written_by_the_name_of_its_option(args: tuple[str, ...], wanted: list[tuple[str, bool]]) -> None:
    assert named(*args) == wanted


OWN = "s3://${data_bucket}/clean/<< run_id >>/"


@pytest.mark.parametrize(
    ("args", "more"),
    [
        (("--output", "<< output >>"), []),
        (("--to=<< output >>items/",), []),
        (("--output", "s3://${data_bucket}/clean/<<run_id>>/items/"), []),
        (("--previous", "s3://${data_bucket}/clean/<<run_id>>/"), [("s3://${data_bucket}/clean/<< run_id >>/", False)]),
        (("--output", "s3://${data_bucket}/other/"), [("s3://${data_bucket}/other/", True)]),
    ],
)
def test_what_is_declared_is_named_once(args: tuple[str, ...], more: list[tuple[str, bool]]) -> None:
    assert named(*args, output=(OWN,)) == [(OWN, True), *more]


PATHS = st.lists(st.sampled_from(["a", "ab", "b", "<< run_id >>", "<<run_id>>"]), max_size=4).map("/".join)


@given(PATHS, PATHS)
def test_places_overlap_both_ways_or_not_at_all(one: str, other: str) -> None:
    first, second = place(f"s3://bucket/{one}"), place(f"s3://bucket/{other}/")
    assert first.overlaps(second) is second.overlaps(first)
    assert first.overlaps(place(f"s3://bucket/{one}/below/"))
    assert not place(f"s3://bucket/{one}-more").overlaps(place(f"s3://bucket/{one}-less/{other}"))
