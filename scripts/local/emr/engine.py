"""The Amazon EMR of the local cloud and of the tests: API calls in, answers and errors out."""

from typing import Any

from scripts.local.emr import billing, cluster_calls, node_calls, shapes, step_calls
from scripts.local.emr.billing import BillingInterval
from scripts.local.emr.clock import Clock
from scripts.local.emr.errors import EmrApiError
from scripts.local.emr.faults import ApiFault, Faults
from scripts.local.emr.load import Usage
from scripts.local.emr.lookup import by_cluster_id
from scripts.local.emr.model import ENDED, Params
from scripts.local.emr.runner import StepRunner
from scripts.local.emr.world import Observer, World

_CALLS = cluster_calls.CALLS | step_calls.CALLS | node_calls.CALLS


class EmrEngine:
    """One account's EMR in one region. It never sleeps; what takes time is scheduled on the clock.

    Thread-safe. Runner and observer are called without the engine's lock held, one after the other.

    Parameters
    ----------
    clock
        Its time.
    runner
        What executes the steps.
    faults
        What goes wrong.
    observer
        Gets every state change of a cluster or step as an EventBridge event of `aws.emr`.
    region, account
        Shown in ARNs, zones and events.

    Examples
    --------
    >>> from scripts.local.emr.clock import VirtualClock
    >>> from scripts.local.emr.runner import ScriptedRunner
    >>> clock = VirtualClock()
    >>> engine = EmrEngine(clock, ScriptedRunner(clock))
    >>> group = {"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1}
    >>> instances = {"InstanceGroups": [group], "KeepJobFlowAliveWhenNoSteps": True}
    >>> made = engine.call("RunJobFlow", {"Name": "example", "Instances": instances})
    >>> clock.sleep(600)
    >>> engine.call("DescribeCluster", {"ClusterId": made["JobFlowId"]})["Cluster"]["Status"]["State"]
    'WAITING'
    """

    def __init__(
        self,
        clock: Clock,
        runner: StepRunner,
        faults: Faults | None = None,
        observer: Observer | None = None,
        *,
        region: str = "us-east-1",
        account: str = "000000000000",
    ) -> None:
        self._world = World(clock, runner, Faults() if faults is None else faults, observer, region, account)

    def call(self, action: str, params: Params) -> dict[str, Any]:
        """Execute one API call.

        Parameters
        ----------
        action
            As boto3 names the operation: `RunJobFlow`, `DescribeCluster`, ...
        params
            In boto3's shape. They are neither kept nor changed.

        Returns
        -------
        dict
            In boto3's shape, timestamps as epoch seconds (float, virtual).

        Raises
        ------
        EmrApiError
            The call is refused, or a fault met it.
        """
        if action not in _CALLS:
            raise EmrApiError("InvalidAction", f"The action {action} is not valid for this web service.")
        with self._world.transaction():
            fault = self._world.faults.take_api_fault(action)
            if fault and not fault.accepted:
                raise _error(fault)
            shapes.check_parameters(action, params)
            answer = _CALLS[action](self._world, params)
            if fault:
                raise _error(fault)
            return answer

    def live_clusters(self) -> list[str]:
        """Return the ids of the clusters that have not ended, oldest first."""
        with self._world.transaction():
            return [cluster.id for cluster in self._world.clusters.values() if cluster.state not in ENDED]

    def billing(self, cluster_id: str) -> list[BillingInterval]:
        """Return what the instances of a cluster are billed for, until now.

        Raises
        ------
        EmrApiError
            There is no such cluster.
        """
        with self._world.transaction():
            return billing.intervals(by_cluster_id(self._world, cluster_id), self._world.now())

    def usage(self, cluster_id: str) -> list[Usage]:
        """Return what a cluster's YARN looked like, one entry a change, oldest first.

        Raises
        ------
        EmrApiError
            There is no such cluster.
        """
        with self._world.transaction():
            log = by_cluster_id(self._world, cluster_id).yarn.log
            return [Usage(entry.at, entry.wanted, entry.running, entry.capacity, entry.nodes) for entry in log]


def _error(fault: ApiFault) -> EmrApiError:
    return EmrApiError(fault.code, fault.message)
