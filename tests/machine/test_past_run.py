"""A run looked at from outside, after it is over: ``slow-lambda diagnose RUN`` and ``slow-lambda replay RUN``."""

import pytest

from scripts.deployment import Deployment
from scripts.diagnosing.past_run import diagnose_run, find_run
from scripts.ledger.errors import RunUnknownError
from scripts.local.emr.runner import ScriptedStep, StepOutcome
from scripts.local.in_process import RUN_TABLE, Ended, InProcessCloud
from tests.machine.conftest import JOB, CloudMaker

FAILS = ScriptedStep(
    seconds=90,
    outcome=StepOutcome(succeeded=False, reason="Unknown Error.", message="Exit code 1"),
    log="Traceback (most recent call last):\nValueError: could not convert string to float: 'n/a'\n",
)


def deployed(cloud: InProcessCloud) -> Deployment:
    return Deployment("test", {"PricingSummaryStateMachine": cloud.machine, "RunTable": RUN_TABLE})


def name_of(ended: Ended) -> str:
    return ended.arn.rpartition(":")[2]


def test_a_failed_run_is_diagnosed_as_it_was(make_cloud: CloudMaker) -> None:
    cloud = make_cloud(script={"summarise": FAILS})
    ended = cloud.execute()

    for named in (name_of(ended), ended.arn):
        past = find_run(deployed(cloud), named)
        shown = diagnose_run(past)
        assert (past.job, past.name) == (JOB, name_of(ended))
        assert (shown.error, shown.cause) == (ended.error, ended.cause)
        assert shown.diagnosis is not None
        assert shown.diagnosis.failure_class == "application_error"


def test_a_run_whose_cluster_emr_has_forgotten_is_told_from_its_record(make_cloud: CloudMaker) -> None:
    cloud = make_cloud(script={"clean": FAILS})
    ended = cloud.execute()
    cloud.engine._world.clusters.clear()

    shown = diagnose_run(find_run(deployed(cloud), name_of(ended)))

    assert (shown.error, shown.cause) == (ended.error, ended.cause)
    assert shown.diagnosis is not None


def test_a_refused_run_has_its_own_words(make_cloud: CloudMaker) -> None:
    cloud = make_cloud(with_input=False)
    ended = cloud.execute()

    shown = diagnose_run(find_run(deployed(cloud), name_of(ended)))

    assert (shown.error, shown.cause, shown.diagnosis) == ("InputEmpty", ended.cause, None)


def test_an_unknown_run_is_named(make_cloud: CloudMaker) -> None:
    with pytest.raises(RunUnknownError, match=r"no run 'nobody' .* pricing-summary"):
        find_run(deployed(make_cloud()), "nobody")
