from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.inputs.request import STARTED_BY
from lambdas.replays.errors import ReplayInvalidError
from lambdas.replays.request import AskedSize, ReplayRequest, parse_replay

NAMES = st.text(min_size=1, max_size=10)
REQUESTS = st.builds(
    ReplayRequest,
    run=NAMES,
    from_step=st.none() | NAMES,
    size=st.none() | st.builds(AskedSize, NAMES, st.integers(1, 99)),
) | st.builds(
    ReplayRequest,
    run=NAMES,
    all_steps=st.booleans(),
    input=st.none() | st.fixed_dictionaries({"input": NAMES | st.lists(NAMES)}) | st.just({"manifest": "s3://b/k"}),
)


@given(REQUESTS)
def test_a_request_is_read_back_from_its_document(request: ReplayRequest) -> None:
    assert parse_replay(request.as_document()) == request


def test_the_shortest_form() -> None:
    request = parse_replay({"replay": "run-1", STARTED_BY: "arn:x"})
    assert (request, request.runs_all) == (ReplayRequest("run-1"), False)
    assert parse_replay({"replay": "run-1", "input": "s3://b/x/"}).runs_all


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"replay": None}, "'replay' is null; write the run's name"),
        ({"replay": ""}, "'replay' is empty; write the run's name"),
        ({"replay": ["a"]}, "'replay' is a list"),
        ({"replay": "a", "from_steps": "b"}, "unknown key 'from_steps' (did you mean 'from_step'?)"),
        ({"replay": "a", "version": "b", "x": 1}, "unknown keys 'version', 'x'"),
        ({"replay": "a", "from_step": 3}, "'from_step' is a number; write a step's name"),
        ({"replay": "a", "all_steps": "yes"}, "'all_steps' is a text; write true or false"),
        ({"replay": "a", "input": "x", "manifest": "y"}, "both 'input' and 'manifest'"),
        ({"replay": "a", "from_step": "b", "all_steps": True}, "'from_step' and 'all_steps'"),
        ({"replay": "a", "from_step": "b", "input": "x"}, "'from_step' and another 'input'"),
        ({"replay": "a", "size": "big"}, "'size' is a text"),
        ({"replay": "a", "size": {"type": "m7g.xlarge"}}, "'size' has 'type' in it"),
        ({"replay": "a", "size": {"instance_type": "m7g.xlarge", "workers": 0}}, "'size.workers' is 0"),
        ({"replay": "a", "size": {"instance_type": "m7g.xlarge", "workers": True}}, "'size.workers' is True"),
        ({"replay": "a", "size": {"instance_type": 7, "workers": 2}}, "'size.instance_type' is a number"),
    ],
)
def test_what_is_refused(document: dict[str, Any], words: str) -> None:
    with pytest.raises(ReplayInvalidError) as caught:
        parse_replay(document)
    assert words in str(caught.value)
    assert caught.value.error == "ReplayInvalid"
