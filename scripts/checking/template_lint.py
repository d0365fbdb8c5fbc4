"""cfn-lint, as far as the rules use it. It is slow to start, so it is imported when it is needed."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

from scripts.checking.rules import Place

CFN_LINT_MISSING = "cfn-lint is not installed; pip install cfn-lint"

# Most checks do not depend on the region.
_REGION = "us-east-1"


class CfnLintError(RuntimeError):
    """cfn-lint is not installed."""


@dataclass(frozen=True)
class Lint:
    """One thing cfn-lint found.

    Attributes
    ----------
    severity
        ``error``, ``warning`` or ``informational``.
    resource
        The resource it is about; empty when it is about none.
    """

    id: str
    severity: str
    line: int
    resource: str
    message: str


def has_cfn_lint() -> bool:
    """Whether cfn-lint is installed."""
    return find_spec("cfnlint") is not None


@lru_cache(maxsize=1)
def lint(text: str) -> tuple[Lint, ...]:
    """Return what cfn-lint finds in a template, but for what a ``.cfnlintrc`` where the command runs leaves out."""
    from cfnlint.api import lint as run  # noqa: PLC0415
    from cfnlint.config import ManualArgs  # noqa: PLC0415

    found = run(text, config=ManualArgs(regions=[_REGION]))
    return tuple(
        Lint(
            match.rule.id,
            match.rule.severity,
            match.linenumber,
            _resource(getattr(match, "path", None) or ()),
            match.message,
        )
        for match in found
    )


def decode(text: str, file: str) -> tuple[Mapping[str, Any], dict[str, Place]]:
    """Parse a template with CloudFormation's short tags.

    Returns
    -------
    tuple
        The template, empty when it cannot be parsed, and the place of each resource.

    Raises
    ------
    CfnLintError
        It is not installed.
    """
    if not has_cfn_lint():
        raise CfnLintError(f"{file} is a template: {CFN_LINT_MISSING}")
    from cfnlint.decode.decode import decode_str  # noqa: PLC0415

    data, _ = decode_str(text)
    if not isinstance(data, Mapping):
        return {}, {}
    resources = data.get("Resources")
    names = resources if isinstance(resources, Mapping) else {}
    return data, {str(name): Place(file, name.start_mark.line + 1) for name in names}


def _resource(path: Any) -> str:
    return str(path[1]) if len(path) > 1 and path[0] == "Resources" else ""
