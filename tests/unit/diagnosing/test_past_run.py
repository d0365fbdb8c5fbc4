"""A run of which only the ledger is left."""

from scripts.diagnosing.past_run import diagnose_run, find_run
from tests.unit.ledger.support import OTHER, Stage


def test_a_run_that_step_functions_has_forgotten_is_told_from_the_ledger(stage: Stage) -> None:
    stage.write("old", "TIMED_OUT", hours=2_400, job=OTHER, error="Late", cause="It took too long.")
    past = find_run(stage.deployed, "@last")
    shown = diagnose_run(past)
    assert (past.job, past.name, past.execution["status"], past.record) == (OTHER, "old", "TIMED_OUT", None)
    assert (shown.error, shown.cause, shown.diagnosis) == ("Late", "It took too long.", None)
