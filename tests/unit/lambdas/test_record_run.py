"""The line record_run logs, of which infra/logs.yml makes metrics."""

import datetime
from typing import Any

import pytest

from lambdas import record_run
from lambdas.history.phases import Phases
from tests.unit.lambdas.conftest import ENVIRONMENT
from tests.unit.lambdas.emr import Emr

ARN = "arn:aws:states:us-east-1:111122223333:execution:pricing-summary:run-1"
EXECUTION = {"id": ARN, "name": "run-1", "started": "2026-11-22T12:00:00.000Z"}


def test_a_run_is_logged_with_its_cost_and_idle_time(
    deployment: object, emr: Emr, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(record_run.logger, "info", lambda message, extra: logged.append((message, extra)))
    cluster_id = emr.run(ARN, steps=["clean"])
    emr.end(cluster_id, emr.now() + datetime.timedelta(hours=1))
    event = {"job": "x", "execution": EXECUTION, "plan": None, "cluster_id": cluster_id, "failure": None}
    answer = record_run.handler(event, None)
    ((message, line),) = logged
    assert message == record_run.RECORDED
    assert (line["job"], line["stage"], line["usd"]) == ("x", ENVIRONMENT["STAGE"], answer["usd"])
    assert line["usd"] > 0
    assert line["idle_seconds"] >= 0


def test_idle_is_what_is_neither_start_nor_work() -> None:
    assert record_run._idle_seconds(Phases(provisioning_seconds=300, working_seconds=50)) == 0
    phases = Phases(provisioning_seconds=300, waiting_seconds=60, working_seconds=50, gap_seconds=7, tail_seconds=30)
    assert record_run._idle_seconds(phases) == 97
