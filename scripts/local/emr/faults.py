"""What goes wrong, as data. Lists may grow while the engine runs; a fault counts from then on."""

from dataclasses import dataclass, field
from typing import Literal

Market = Literal["ON_DEMAND", "SPOT"]
Role = Literal["MASTER", "CORE", "TASK"]


@dataclass(frozen=True, slots=True)
class CapacityShortage:
    """EC2 has no instance to give.

    Attributes
    ----------
    instance_type, market
        Which requests it meets; `None` means all.
    until
        Epoch seconds (virtual) at which capacity is back; `None` means never.
    """

    instance_type: str | None = None
    market: Market | None = None
    until: float | None = None


@dataclass(frozen=True, slots=True)
class BootstrapFailure:
    """The first bootstrap action ends with `exit_code` on the primary node, if that is of `instance_type`."""

    exit_code: int = 1
    instance_type: str | None = None


@dataclass(frozen=True, slots=True)
class SlowProvisioning:
    """From launch to bootstrapping an instance of `instance_type` (`None`: any) takes `seconds`."""

    seconds: float
    instance_type: str | None = None


@dataclass(frozen=True, slots=True)
class SpotLoss:
    """EC2 takes back all Spot instances of a role, `after_seconds` from the creation of the cluster."""

    after_seconds: float
    role: Role


@dataclass(slots=True)
class ApiFault:
    """The next `calls` calls of `action` fail.

    Attributes
    ----------
    code, message
        The default is a throttled call ("Rate exceeded").
    accepted
        Whether the call did its work before it failed. A RunJobFlow answered with an error may have made a cluster,
        and it has no idempotency token to find out.
    """

    action: str
    calls: int = 1
    code: str = "ThrottlingException"
    message: str = "Rate exceeded"
    accepted: bool = False

    @classmethod
    def internal_error(cls, action: str, calls: int = 1, *, accepted: bool = False) -> "ApiFault":
        """Fail with EMR's own internal error instead."""
        return cls(action, calls, "InternalServerException", "An internal error occurred.", accepted)


@dataclass(slots=True)
class Faults:
    """All that goes wrong in one engine."""

    shortages: list[CapacityShortage] = field(default_factory=list)
    bootstrap: list[BootstrapFailure] = field(default_factory=list)
    provisioning: list[SlowProvisioning] = field(default_factory=list)
    spot_losses: list[SpotLoss] = field(default_factory=list)
    api: list[ApiFault] = field(default_factory=list)

    def is_short(self, instance_type: str, market: str, now: float) -> bool:
        """Say whether EC2 would refuse a request for this type and market at `now`."""
        return any(
            shortage.instance_type in (None, instance_type)
            and shortage.market in (None, market)
            and (shortage.until is None or now < shortage.until)
            for shortage in self.shortages
        )

    def bootstrap_exit_code(self, instance_type: str) -> int:
        """Return the exit code of the bootstrap actions on a primary node of this type: 0 is success."""
        codes = (fault.exit_code for fault in self.bootstrap if fault.instance_type in (None, instance_type))
        return next(codes, 0)

    def provisioning_seconds(self, instance_type: str, otherwise: float) -> float:
        """Return how long an instance of this type takes from launch to bootstrapping."""
        seconds = (fault.seconds for fault in self.provisioning if fault.instance_type in (None, instance_type))
        return next(seconds, otherwise)

    def take_api_fault(self, action: str) -> ApiFault | None:
        """Return the fault that meets this call, if any, and count it."""
        for fault in self.api:
            if fault.action == action and fault.calls > 0:
                fault.calls -= 1
                return fault
        return None
