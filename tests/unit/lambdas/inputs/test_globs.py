import fnmatch
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lambdas.inputs.globs import S3Glob, parse_address
from lambdas.inputs.uri import S3Uri, UriError


@pytest.mark.parametrize(
    ("pattern", "key", "below"),
    [
        ("in/*.csv", "in/a.csv", "a.csv"),
        ("in/*.csv", "in/x/a.csv", None),
        ("in/*.csv", "in/a.csv/part-0", "part-0"),
        ("in/**.csv", "in/x/a.csv", None),
        ("in/*", "in/x/y/z", "y/z"),
        ("in/*/", "in/x", "x"),
        ("in/a?c", "in/abc", "abc"),
        ("in/a?c", "in/a/c", None),
        ("in/[abc]x", "in/bx", "bx"),
        ("in/[a-c]x", "in/dx", None),
        ("in/[!a-c]x", "in/dx", "dx"),
        ("in/[^a]x", "in/ax", None),
        ("in/[!a]x", "in//x", None),
        ("in/{a,b}-*/x", "in/b-1/x", "x"),
        ("in/{a,b}-*/x", "in/c-1/x", None),
        ("in/{a,{b,c}d}", "in/cd", "cd"),
        ("in/{a/b,c}/d", "in/a/b/d/e", "e"),
        ("in/{a/b,c}/d", "in/b/d", None),
        ("in/a,b*", "in/a,b1", "a,b1"),
        (r"in/\*[\]]\{x", "in/*]{x", "*]{x"),
        ("in/a}*", "in/a}1", "a}1"),
        ("in/x.y*", "in/xzy1", None),
        ("2026-{01,02}-*", "2026-02-28/part-0", "part-0"),
    ],
)
def test_what_matches(pattern: str, key: str, below: str | None) -> None:
    glob = S3Glob.parse(f"s3://bucket/{pattern}")
    assert glob.inside(key) == below
    assert below is None or key.startswith(glob.prefix)


@pytest.mark.parametrize(
    ("pattern", "prefix"),
    [("in/2026-*/x", "in/2026-"), (r"in/\{a\}*", "in/{a}"), ("*", ""), ("in/[ab]", "in/"), ("{in,out}/", "")],
)
def test_prefix(pattern: str, prefix: str) -> None:
    assert S3Glob.parse(f"s3://bucket/{pattern}").prefix == prefix


@pytest.mark.parametrize("pattern", ["in/[abc", "in/{a,b", "in/a\\", "in/[]", "in/[a/b]", "in/[z-a]", "in/a//*"])
def test_refused(pattern: str) -> None:
    with pytest.raises(UriError, match=r"pattern|part"):
        S3Glob.parse(f"s3://bucket/{pattern}")


@given(st.text("ab*?-[]!", min_size=1, max_size=8), st.text("ab-!", min_size=1, max_size=8))
def test_without_folders_it_is_as_in_a_shell(pattern: str, key: str) -> None:
    assume(set("*?") & set(pattern) and ("[" not in pattern or re.fullmatch(r"([^\[\]]|\[!?[ab]+\])*", pattern)))
    assert (S3Glob.parse(f"s3://bucket/{pattern}").inside(key) is not None) == fnmatch.fnmatchcase(key, pattern)


def test_only_patterns_are_patterns() -> None:
    assert parse_address("s3://bucket/in/") == S3Uri("bucket", "in/")
    assert str(parse_address("s3://bucket/in/*/")) == "s3://bucket/in/*"
    with pytest.raises(UriError, match="no scheme"):
        parse_address("in/*")
