"""The command as a user meets it when something is wrong."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from lambdas import aws
from scripts.cli import main

SETTINGS = {
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",  # nobody listens on the discard port
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": "us-east-1",
}


@pytest.fixture
def _nobody_there(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An account nobody answers for; botocore backs off without taking time."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))
    aws.forget()
    yield
    aws.forget()


@pytest.mark.usefixtures("_nobody_there")
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["run", "../x"], "there is no job named '../x'"),
        (["run", "pricing-summary"], "Could not connect"),
        (["demo", "--scale", "0"], "not a positive number"),
        (["watch", "arn:aws:states:us-east-1:123456789012:execution:machine:run"], "Could not connect"),
    ],
)
def test_what_a_user_can_mend_is_said_in_a_line(
    arguments: list[str], says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["slow-lambda", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "slow-lambda: " in said
    assert says in said
    assert "Traceback" not in said


def slow_lambda(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [str(Path(sys.executable).parent / "slow-lambda"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_a_mistake_ends_the_installed_command_with_status_2() -> None:
    done = slow_lambda("run", "../x")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("slow-lambda: there is no job named '../x'")
    assert "Traceback" not in done.stderr


def test_no_verb_shows_the_help() -> None:
    done = slow_lambda()
    assert "Commands" in done.stdout + done.stderr
