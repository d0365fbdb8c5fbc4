"""The command as a user meets it when something is wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


def slow_lambda(*arguments: str) -> "subprocess.CompletedProcess[str]":
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment = kept | {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",  # nobody listens on the discard port
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_MAX_ATTEMPTS": "1",
    }
    command = [str(Path(sys.executable).parent / "slow-lambda"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=60)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["run", "../x"], "there is no job named '../x'"),
        (["run", "pricing-summary"], "Could not connect"),
        (["demo", "--scale", "0"], "not a positive number"),
        (["watch", "arn:aws:states:us-east-1:123456789012:execution:machine:run"], "Could not connect"),
    ],
)
def test_what_a_user_can_mend_is_said_in_a_line(arguments: list[str], says: str) -> None:
    done = slow_lambda(*arguments)
    assert done.returncode == 2
    assert "slow-lambda: " in done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_no_verb_shows_the_help() -> None:
    assert "Commands" in slow_lambda().stdout + slow_lambda().stderr
