"""How a check ends: by the worst it found."""

from collections.abc import Iterable

from scripts.checking.rules import SEVERITIES, Found, Severity

# 2 is every command's status for what its user can mend.
STATUS: dict[Severity, int] = {"error": 1, "warning": 3, "note": 0}


def exit_status(found: Iterable[Found]) -> int:
    """Return the exit status: that of the worst severity."""
    severities = {each.severity for each in found}
    return next((STATUS[severity] for severity in SEVERITIES if severity in severities), 0)
