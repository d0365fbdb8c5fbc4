from pathlib import Path

import pytest

from lambdas.specs import load_job
from lambdas.specs.outputs import output_values, outputs_of
from lambdas.specs.placeholders import substitute
from tests.unit.lambdas.specs.mistakes import change, findings

STEPS = """\
  - name: clean
    script: count.py
    args: [--output, << output >>]
    output: s3://${data_bucket}/clean/<< run_id >>/
    timeout: 1h
  - name: split
    needs: [clean]
    script: count.py
    args: [--input, << output.clean >>items/]
    output: ["s3://${data_bucket}/good/<< run_id >>/", "s3://${data_bucket}/bad/<< run_id >>/"]
    timeout: 1h
  - name: apart
    needs: []
    script: count.py
    timeout: 1h
  - name: report
    needs: [split]
    script: count.py
    args: [--input, << output.clean >>]
    output: s3://${data_bucket}/report/<<run_id>>/
    timeout: 1h
"""
VALUES = {"data_bucket": "data", "run_id": "r-1"}
COUNT = (
    '  - name: count\n    script: count.py\n    args: [--input, << input >>, --run, "<< run_id >>"]\n    timeout: 90s\n'
)


@pytest.fixture
def job_file(specs: Path) -> Path:
    """The file of the job ``count``, with four steps."""
    path = specs / "jobs/count/job.yml"
    change(path, COUNT, STEPS)
    return path


def test_outputs_of_a_run(specs: Path, job_file: Path) -> None:
    job = load_job("count", specs)
    assert outputs_of(job, VALUES) == {
        "clean": ("s3://data/clean/r-1/",),
        "split": ("s3://data/good/r-1/", "s3://data/bad/r-1/"),
        "apart": (),
        "report": ("s3://data/report/r-1/",),
    }


def test_what_arguments_name(specs: Path, job_file: Path) -> None:
    job = load_job("count", specs)
    # A replay takes the output of "clean" from an earlier run.
    outputs = {**outputs_of(job, VALUES), "clean": ("s3://data/clean/r-0/",)}
    filled = {
        step.name: [substitute(arg, output_values(step.name, outputs)) for arg in step.args] for step in job.steps
    }
    assert filled == {
        "clean": ["--output", "s3://data/clean/r-0/"],
        "split": ["--input", "s3://data/clean/r-0/items/"],
        "apart": [],
        "report": ["--input", "s3://data/clean/r-0/"],
    }


def test_several_outputs_have_no_one_name() -> None:
    outputs = {"a": ("s3://b/a/",), "b": ("s3://b/1/", "s3://b/2/"), "c": ()}
    named = {"output.a": "s3://b/a/"}
    assert output_values("a", outputs) == {**named, "output": "s3://b/a/"}
    assert output_values("b", outputs) == output_values("c", outputs) == named


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        (
            "<< output.clean >>items/",
            "<< output.cleaned >>items/",
            16,
            "steps[1].args[1]: expected the output of clean; found '<< output.cleaned >>', and no step is named 'cle",
        ),
        (
            "needs: [split]",
            "needs: [apart]",
            26,
            "steps[3].args[1]: expected the output of a step that 'report' needs (apart), or 'clean' in its 'needs';",
        ),
        ("[--output, << output >>]", "[<< output.report >>]", 10, "of a step that 'clean' needs (there is none)"),
        ("--input, << output.clean >>]", "<< output.split >>]", 26, "one output; 'split' has 2 of them; found '<< out"),
        ("<< output.clean >>items/", "<< output >>", 16, "one output; 'split' has 2 of them; found '<< output >>'"),
        (
            "[--input, << output.clean >>]",
            "[<< output.clean >>, << output.apart >>]",
            26,
            "'report' needs (clean, split)",
        ),
        (
            "<< output.clean >>]",
            '"--in=s3://${data_bucket}/clean/<<run_id>>"]',
            26,
            "steps[3].args[1]: expected '<< output.clean >>', because a replay may read what an earlier run wrote",
        ),
        (
            "<< output.clean >>]",
            '"s3://${data_bucket}/bad/<<run_id>>/x/"]',
            26,
            "'<< output.split >>', because a replay may read what an earlier run wrote, with one 'output' of 'split'",
        ),
        (
            "    output: s3://${data_bucket}/report/<<run_id>>/\n",
            "    output: s3://${data_bucket}/clean/<<run_id>>/report/\n",
            27,
            "steps[3].output: expected a folder apart from all other outputs; "
            "found 's3://${data_bucket}/clean/<<run_id>>/report/', and steps[0].output is 's3://${data_bucket}/clean/",
        ),
        ("/bad/<< run_id >>/", "/good/<<run_id>>/", 17, "steps[1].output[1]: expected a folder apart from all other"),
        ("/clean/<< run_id >>/", "/good/", 17, "found 's3://${data_bucket}/good/<< run_id >>/', and steps[0].output"),
        (
            "s3://${data_bucket}/in/",
            "s3://${data_bucket}/good/<< run_id >>/in/",
            4,
            "expected only the placeholders ${data_bucket}",
        ),
        ("/report/<<run_id>>/", "/in/", 27, "steps[3].output: expected a folder apart from the input, which a step"),
        (
            "/report/<<run_id>>/",
            "/report/<<run_id>>",
            27,
            "steps[3].output: expected a folder that ends in '/', such as",
        ),
        ("/report/<<run_id>>/", "/", 27, "steps[3].output: expected a folder that ends in '/'"),
        ("/report/<<run_id>>/", "/report/*/", 27, "which Spark reads as a pattern"),
        ("/report/<<run_id>>/", "//report/", 27, "has an empty, '.' or '..' part"),
        ("/bad/<< run_id >>/", "/bad", 17, "steps[1].output[1]: expected a folder that ends in '/'"),
        ("s3://${data_bucket}/report/", "s3://reports/", 27, "a cluster may write only to the data bucket"),
        (
            "/report/<<run_id>>/",
            "/<< input >>/",
            27,
            "expected only the placeholders ${data_bucket}, << run_id >>; found",
        ),
        ("/report/<<run_id>>/", "/<< output >>/", 27, "found the unknown placeholder '<< output >>'"),
        ("s3://${data_bucket}/report/<<run_id>>/", "5", 27, "steps[3].output: expected a folder such as"),
        ("description: Counts.", "description: << output >>", 2, "expected no placeholder here"),
    ],
)
def test_mistake(specs: Path, job_file: Path, old: str, new: str, line: int, words: str) -> None:
    change(job_file, old, new)
    found = findings(lambda: load_job("count", specs))
    assert any(text.startswith(f"emr_specs/jobs/count/job.yml:{line}: ") and words in text for text in found), found


def test_what_may_be_spelled_out(specs: Path, job_file: Path) -> None:
    """Its own folder, which is of this run in a replay too, and folders that are no run's."""
    change(job_file, "[--output, << output >>]", '["s3://${data_bucket}/clean/<<run_id>>/"]')
    change(job_file, "good/<< run_id >>/", "good/")
    change(job_file, "<< output.clean >>]", '"s3://${data_bucket}/good/", "s3://${data_bucket}/clean-<<run_id>>/"]')
    assert load_job("count", specs)
