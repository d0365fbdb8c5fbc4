import pytest

from lambdas.inputs.areas import Area, group, refuse_object_in, refuse_overlap
from lambdas.inputs.errors import InputOverlapError
from lambdas.inputs.globs import S3Glob, parse_address
from lambdas.inputs.uri import S3Uri


def grouped(*texts: str) -> list[tuple[str, list[str]]]:
    areas = group([parse_address(text) for text in texts])
    return [(f"{area.bucket}/{area.prefix}", [str(each) for each in area.inputs]) for area in areas]


def test_patterns_below_one_prefix_are_listed_together() -> None:
    assert grouped("s3://two/a/", "s3://one/b/*.json", "s3://one/b/*.csv", "s3://one/b/x*", "s3://one/a/") == [
        ("one/a/", ["s3://one/a/"]),
        ("one/b/", ["s3://one/b/*.json", "s3://one/b/*.csv", "s3://one/b/x*"]),
        ("two/a/", ["s3://two/a/"]),
    ]


def test_what_lies_in_an_area() -> None:
    (area,) = group([parse_address("s3://bucket/in/*.csv"), parse_address("s3://bucket/in/2026*")])
    assert area.inside("in/a.csv") == "a.csv"
    assert area.inside("in/2026/b/c.csv") == "b/c.csv"
    assert area.inside("in/b.json") is None
    with pytest.raises(InputOverlapError, match=r"s3://bucket/in/2026.csv lies in two inputs"):
        area.inside("in/2026.csv")
    assert Area("bucket", "in/", (S3Uri("bucket", "in/"),)).inside("in/a/b") == "a/b"


@pytest.mark.parametrize(
    "texts",
    [
        ("s3://bucket/in/", "s3://bucket/in/a.csv"),
        ("s3://bucket/in", "s3://bucket/in/a/b/"),
        ("s3://bucket/a", "s3://bucket/a/"),
        ("s3://bucket/in/a", "s3://bucket"),
        ("s3://bucket/in/*", "s3://bucket/in/*"),
    ],
)
def test_overlaps_are_refused(texts: tuple[str, ...]) -> None:
    with pytest.raises(InputOverlapError, match="would read"):
        refuse_overlap([parse_address(text) for text in texts])


def test_neighbours_do_not_overlap() -> None:
    texts = ["s3://bucket/in/", "s3://bucket/in2/", "s3://other/in/", "s3://bucket/a/b", "s3://bucket/a/c"]
    refuse_overlap([parse_address(text) for text in texts])


def test_an_object_that_matches_a_pattern_too() -> None:
    pattern = S3Glob.parse("s3://bucket/in/*.csv")
    refuse_object_in(S3Uri("bucket", "in/a.json"), [pattern])
    refuse_object_in(S3Uri("other", "in/a.csv"), [pattern])
    with pytest.raises(InputOverlapError):
        refuse_object_in(S3Uri("bucket", "in/a.csv"), [pattern])
