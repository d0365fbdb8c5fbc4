"""Auto-termination: a cluster that has been idle for long enough ends itself."""

from scripts.local.emr.ending import terminate
from scripts.local.emr.model import Cluster, ClusterState, Reason
from scripts.local.emr.world import World

IDLE_TIMEOUT_MIN_SECONDS = 60
IDLE_TIMEOUT_MAX_SECONDS = 604_800
IDLE_TIMEOUT_DEFAULT_SECONDS = 3_600
"""All three: "Using an auto-termination policy for Amazon EMR cluster cleanup",
https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-auto-termination-policy.html. The default is that of a policy
that gives none."""

AUTO_TERMINATED = Reason("Terminated by the auto-termination policy", "USER_REQUEST")
"""Code and message are our choice: AWS documents neither."""


def rearm(world: World, cluster: Cluster) -> None:
    """Start the idle time afresh if the cluster waits without a step and has a policy; otherwise stop counting."""
    if cluster.idle_timer:
        cluster.idle_timer()
        cluster.idle_timer = None
    if cluster.state == ClusterState.WAITING and cluster.auto_termination is not None:
        seconds = float(cluster.auto_termination["IdleTimeout"])
        cluster.idle_timer = world.later(seconds, lambda: terminate(world, cluster, AUTO_TERMINATED), awaited=False)
