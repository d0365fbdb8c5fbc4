"""``slow-lambda local up --load``."""

from typer.testing import CliRunner

from scripts.cli import app


def test_an_unknown_trace_is_refused_before_anything_starts() -> None:
    result = CliRunner().invoke(app, ["local", "up", "--load", "no-such-trace"], env={"COLUMNS": "200"})
    assert result.exit_code == 2
    assert "no-such-trace" in result.output
