from hypothesis import given
from hypothesis import strategies as st

from lambdas.inputs.ranges import DIGITS, find_cut, first_difference

KEYS = st.text("ab/-09é𝄞", min_size=1, max_size=8)


@given(KEYS, st.none() | KEYS, st.integers(0, 8), st.text("ab/-09é𝄞", min_size=1), st.sampled_from([None, DIGITS]))
def test_a_cut_lies_between(at: str, upto: str | None, depth: int, characters: str, places: frozenset[str]) -> None:
    if upto is not None and upto <= at:
        return
    cut = find_cut(at, upto, depth, "".join(sorted(set(characters))), places)
    if cut:
        assert at.encode() < cut.key.encode()
        assert upto is None or cut.key.encode() < upto.encode()
        assert first_difference(at, cut.key) <= depth


def test_digits_are_cut_where_they_count() -> None:
    cut = find_cut("part-000999", "part.", 7, "0123456789", DIGITS)
    assert cut
    assert cut.key == "part-5"
    anywhere = find_cut("part-000999", None, 7, "0123456789aprt", None)
    assert anywhere
    assert anywhere.key == "t"


def test_there_is_no_cut_within_a_page() -> None:
    assert find_cut("part-000999", "part-001", 6, "0123456789", None) is None
