"""Every environment variable the Lambdas read."""

import os
from collections.abc import Mapping
from dataclasses import dataclass


class SettingsError(RuntimeError):
    """The function's environment is incomplete."""


@dataclass(frozen=True)
class Settings:
    """The deployment a function belongs to: names of its stage, region, buckets, table and subnets."""

    stage: str
    region: str
    data_bucket: str
    code_bucket: str
    log_bucket: str
    run_table: str
    subnet_ids: tuple[str, ...]


def load_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings.

    Raises
    ------
    SettingsError
        Names every variable that is missing.
    """
    names = ("STAGE", "DATA_BUCKET", "CODE_BUCKET", "LOG_BUCKET", "RUN_TABLE", "SUBNET_IDS")
    region = region_name(environment)
    missing = [name for name in names if not environment.get(name)] + ([] if region else ["AWS_REGION"])
    if missing:
        raise SettingsError(f"environment variables not set: {', '.join(missing)}")
    stage, data, code, log, table, subnets = (environment[name] for name in names)
    return Settings(stage, region or "", data, code, log, table, tuple(subnets.split(",")))


def region_name(environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the region, from the variable Lambda sets or the one the SDK reads.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """
    return environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION")
