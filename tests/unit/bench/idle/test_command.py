import json

import pytest
from typer.testing import CliRunner

from scripts.bench.idle import jobs
from scripts.bench.idle.jobs import bench_jobs
from scripts.cli import app


@pytest.fixture(autouse=True)
def _one_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "bench_jobs", lambda: bench_jobs()[:1])


def test_json() -> None:
    done = CliRunner().invoke(app, ["bench", "idle", "--json"])
    assert done.exit_code == 0, done.output
    (job,) = json.loads(done.stdout)["jobs"]
    assert (job["chain"]["tail_s"], job["pipelined"]["tail_s"]) == (150, 0)


def test_table() -> None:
    done = CliRunner().invoke(app, ["bench", "idle"])
    assert done.exit_code == 0, done.output
    assert "one-long-step" in done.stdout
    assert "reached" in done.stdout
