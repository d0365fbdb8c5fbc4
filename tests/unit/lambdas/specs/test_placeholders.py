from hypothesis import given
from hypothesis import strategies as st

from lambdas.specs.placeholders import (
    PER_RUN,
    fill_in_outputs,
    has_input,
    is_input,
    named_outputs,
    substitute,
    unknown_placeholders,
)

VALUES = {"data_bucket": "b", "input": "s3://b/in/", "manifest": "s3://l/m", "run_id": "r-1"}
ALL = PER_RUN | {"data_bucket"}


def test_all() -> None:
    text = "${data_bucket} << input >> << manifest >> <<run_id>>"
    assert substitute(text, VALUES) == "b s3://b/in/ s3://l/m r-1"


def test_where_the_input_stands() -> None:
    assert is_input("<< input >>")
    assert not is_input("<< run_id >>")
    assert not is_input("--in=<< input >>")
    assert has_input("--in=<< input >>")
    assert not has_input("input ${data_bucket} << manifest >>")


@given(st.text(), st.text(), st.text())
def test_one_pass(bucket: str, target: str, run: str) -> None:
    values = {"data_bucket": bucket, "input": target, "run_id": run}
    assert substitute("${data_bucket}|<< input >>|<< run_id >>", values) == f"{bucket}|{target}|{run}"


@given(st.text(alphabet="${}<> input_d"))
def test_accepted_text_can_be_substituted(text: str) -> None:
    if not unknown_placeholders(text, ALL):
        substitute(text, VALUES)


def test_kinds_are_not_mixed_up() -> None:
    assert unknown_placeholders("${input} << data_bucket >>", ALL) == ["${input}", "<< data_bucket >>"]
    assert unknown_placeholders("<< input >>", frozenset()) == ["<< input >>"]
    assert unknown_placeholders("a >> b ${x", ALL) == [">>", "${"]
    assert unknown_placeholders("$5 {a} <b>", ALL) == []


def test_outputs_by_name() -> None:
    values = {**VALUES, "output": "s3://b/own/", "output.clean-up": "s3://b/clean/"}
    assert substitute("<< output >>a/ <<output.clean-up>>b/", values) == "s3://b/own/a/ s3://b/clean/b/"
    assert named_outputs("<< output >> << input >> << output.clean-up >>") == [None, "clean-up"]


def test_outputs_are_allowed_together() -> None:
    text = "<< output >> << output.clean >>"
    assert unknown_placeholders(text, ALL) == ["<< output >>", "<< output.clean >>"]
    assert unknown_placeholders(text, ALL | {"output"}) == []
    assert unknown_placeholders("<< output. >> << outputs >> << input.clean >>", ALL | {"output"}) == [
        "<< output. >>",
        "<< outputs >>",
        "<< input.clean >>",
    ]


def test_only_outputs_are_filled_in() -> None:
    text = "<<output.clean>>x/ ${data_bucket} <<run_id>> << output >>"
    assert fill_in_outputs(text, {"output.clean": "s3://c/"}) == "s3://c/x/ ${data_bucket} << run_id >> << output >>"
