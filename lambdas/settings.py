"""Every environment variable the Lambdas read."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

_NAMES = (
    *("STAGE", "DATA_BUCKET", "CODE_BUCKET", "LOG_BUCKET", "RUN_TABLE", "START_TABLE", "START_QUEUE_URL"),
    *("MACHINE_ARN_PREFIX", "SUBNET_IDS"),
)


class SettingsError(RuntimeError):
    """The function's environment is incomplete."""


@dataclass(frozen=True)
class Settings:
    """The deployment a function belongs to: names of its stage, region, buckets, tables, queue and subnets.

    Attributes
    ----------
    machine_prefix
        What the ARNs of its state machines begin with; the job's name follows.
    """

    stage: str
    region: str
    data_bucket: str
    code_bucket: str
    log_bucket: str
    run_table: str
    start_table: str
    start_queue_url: str
    machine_prefix: str
    subnet_ids: tuple[str, ...]

    def machine_arn(self, job: str) -> str:
        """Return the ARN of a job's state machine."""
        return f"{self.machine_prefix}{job}"


def load_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings.

    Raises
    ------
    SettingsError
        Names every variable that is missing.
    """
    region = region_name(environment)
    missing = [name for name in _NAMES if not environment.get(name)] + ([] if region else ["AWS_REGION"])
    if missing:
        raise SettingsError(f"environment variables not set: {', '.join(missing)}")
    return Settings(
        stage=environment["STAGE"],
        region=region or "",
        data_bucket=environment["DATA_BUCKET"],
        code_bucket=environment["CODE_BUCKET"],
        log_bucket=environment["LOG_BUCKET"],
        run_table=environment["RUN_TABLE"],
        start_table=environment["START_TABLE"],
        start_queue_url=environment["START_QUEUE_URL"],
        machine_prefix=environment["MACHINE_ARN_PREFIX"],
        subnet_ids=tuple(environment["SUBNET_IDS"].split(",")),
    )


def region_name(environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the region, from the variable Lambda sets or the one the SDK reads.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """
    return environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION")
