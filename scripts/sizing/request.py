"""A sizing decision on its own: what is asked, and what is answered."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

_Positive = Annotated[float, Field(gt=0)]
_Nodes = Annotated[int, Field(ge=1)]


class _Part(BaseModel):
    """Immutable; keys that are not known are passed over, so that who asks may send more."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)


class JobAsked(_Part):
    """The job to size; ``job_class`` is ``class`` in JSON."""

    id: str
    job_class: str | None = Field(default=None, alias="class")
    data_bytes: Annotated[int, Field(ge=1)]


class Candidate(_Part):
    """A cluster that may be chosen; ``nodes`` are its workers, the primary comes on top."""

    instance_type: str
    nodes: _Nodes


class Run(Candidate):
    """A past run of the job; ``runtime_s`` is the job's own, without provisioning."""

    data_bytes: Annotated[int, Field(ge=1)]
    runtime_s: _Positive


class InstanceType(_Part):
    """What one node has: cores, GiB, MB/s to EBS; and dollars per hour, EMR's fee included."""

    vcpu: _Positive
    memory_gib: _Positive
    ebs_mbps: _Positive
    price_usd_h: Annotated[float, Field(ge=0)]


class CostModel(_Part):
    """What comes on top of the workers: seconds until the job starts, and dollars per hour of the primary node."""

    provision_s: Annotated[float, Field(ge=0)]
    primary_usd_h: Annotated[float, Field(ge=0)]


class Request(_Part):
    """One decision to make.

    Attributes
    ----------
    history
        Single measurements, noisy; may be empty.
    instance_types
        At least those that candidates and history name.
    deadline_s
        From start to end, provisioning included.
    """

    job: JobAsked
    history: tuple[Run, ...] = ()
    candidates: Annotated[tuple[Candidate, ...], Field(min_length=1)]
    instance_types: dict[str, InstanceType]
    deadline_s: _Positive | None = None
    budget_usd: _Positive | None = None
    cost_model: CostModel

    @model_validator(mode="after")
    def _types_are_described(self) -> Self:
        for field, rows in (("candidates", self.candidates), ("history", self.history)):
            for number, row in enumerate(rows):
                if row.instance_type not in self.instance_types:
                    raise ValueError(f"{field}.{number}.instance_type: {row.instance_type!r} is not in instance_types")
        return self


class Answer(_Part):
    """The cluster chosen, one of the candidates; what is expected of it where the method says so.

    Attributes
    ----------
    predicted_runtime_s
        Seconds of the job, without provisioning.
    predicted_interval_s
        Seconds that the job's run time lies between, low and high.
    predicted_cost_usd
        Dollars, provisioning and the primary node included.
    """

    instance_type: str
    nodes: int
    predicted_runtime_s: float | None = None
    predicted_interval_s: tuple[float, float] | None = None
    predicted_cost_usd: float | None = None
