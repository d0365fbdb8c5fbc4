"""Why a log is not there."""

import datetime

from lambdas.ledger.entry import LedgerEntry
from scripts.logs.files import StepLogs
from scripts.logs.places import Place

# EMR copies logs to S3 every five minutes, and takes about as long again.
# https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-manage-view-web-log-files.html
SHIPPED_WITHIN = datetime.timedelta(minutes=10)

KEPT = datetime.timedelta(days=90)
"""How long the log bucket keeps the logs of clusters: infra/storage.yml."""


def why_missing(entry: LedgerEntry, place: Place, found: StepLogs, now: datetime.datetime) -> str:
    """Say why a step may have no logs of the kind asked for.

    Parameters
    ----------
    entry
        The run.
    place
        The go at a step whose logs are missing.
    found
        What logs it has.
    now
        With a time zone.
    """
    what = f"step {place.name} ({place.step_id} on cluster {place.cluster_id}, {place.state}) has no such log"
    if found.own and not found.application:
        return (
            f"{what}: its own logs name no YARN application; of one in client mode, and on the local cloud, "
            "stdout and stderr are the driver's"
        )
    ended = place.ended or entry.ended
    if ended is None or now - ended < SHIPPED_WITHIN:
        return f"{what} yet: EMR copies logs every five minutes; try again in a few minutes"
    if now - ended > KEPT:
        return f"{what} any more: the log bucket keeps them for {KEPT.days} days"
    return f"{what}: one that never began has none, and EMR copies none of what a node took with it"
