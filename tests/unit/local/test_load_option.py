"""``--load`` where a local cloud is started."""

import pytest
from typer.testing import CliRunner

from scripts.cli import app


@pytest.mark.parametrize("verb", [["local", "up"], ["demo"]])
def test_an_unknown_trace_is_refused_before_anything_starts(verb: list[str]) -> None:
    result = CliRunner().invoke(app, [*verb, "--load", "no-such-trace"], env={"COLUMNS": "200"})
    assert result.exit_code == 2
    assert "no-such-trace" in result.output
