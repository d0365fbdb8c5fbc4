"""Render the state machine of a job from its Jinja template.

Two languages share the text. Jinja's delimiters are ``<% %>``, ``<< >>`` and ``<# #>``, because JSONata owns ``{% %}``;
``${Name}`` belongs to CloudFormation. Every ``<< value >>`` is written as JSON, so a value can neither end its string
nor become JSONata nor a CloudFormation substitution, whatever a spec says.
"""

import functools
import hashlib
import json
from pathlib import Path
from typing import Any

import jinja2

from lambdas.runs.deciding import MAX_LOOKS
from lambdas.sizing.elastic import ScalingError, fit_policy
from lambdas.specs import Cluster, CustomScaling, Job, load_catalogue, load_scaling
from lambdas.specs.load import catalogue_regions
from scripts.rendering.paths import TEMPLATES
from scripts.rendering.waves import (
    GLANCE_SECONDS,
    MAX_GLANCES,
    PACE_SECONDS,
    UNPACED_STEPS,
    all_in,
    entry_state,
    last_timeout,
)

# An escaped dollar that survives parsing the rendered text; a private-use character no spec needs.
_DOLLAR = "\ue000"

# Where a definition holds the digest of itself, until that is known; a private-use character as well.
_DIGEST = "\ue001"
_DIGEST_LENGTH = 12

# Seconds a Lambda task may take: the functions' own timeouts in serverless.yml, and a margin for the invocation.
TASK_TIMEOUTS = {"plan": 330, "diagnose": 330, "record": 150, "reap": 930, "notify": 60}

# Seconds a single call of EMR may take.
CALL_TIMEOUT = 60

# Seconds between two looks for logs, and how many there are.
LOG_WAIT = 60

# Seconds a run may wait for its turn, where a job may have only so many at a time. Our choice: whoever started it
# hears within two weeks that it will not run. AWS allows a task, like an execution, a year.
# https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
SLOT_TIMEOUT = 14 * 24 * 3600

# What the retries of all Lambda tasks together may add, generously; the execution's own timeout is a net, not a limit.
_MARGIN = 3600


class RenderError(ValueError):
    """A spec's value cannot stand in a definition."""


class _Expression(str):
    """JSONata written by the template, not data."""

    __slots__ = ()


def jsonata(expression: str) -> _Expression:
    """Mark a template's own text as JSONata.

    Parameters
    ----------
    expression
        The expression without its ``{% %}``.
    """
    return _Expression(f"{{% {expression} %}}")


def _as_json(value: Any) -> str:
    if not isinstance(value, _Expression):
        _refuse_jsonata(value)
    return json.dumps(value, ensure_ascii=False).replace("${", f"{_DOLLAR}{{")


def _refuse_jsonata(value: Any) -> None:
    if isinstance(value, str) and (value.lstrip().startswith("{%") or value.rstrip().endswith("%}")):
        raise RenderError(
            f"the value {value!r} would be evaluated as JSONata by Step Functions; "
            "a spec's text must not start with '{%' or end with '%}'"
        )
    if isinstance(value, dict):
        for key, item in value.items():
            _refuse_jsonata(key)
            _refuse_jsonata(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse_jsonata(item)


@functools.cache
def _environment(templates: Path) -> jinja2.Environment:
    environment = jinja2.Environment(  # noqa: S701 - the output is JSON, escaped by _as_json
        loader=jinja2.FileSystemLoader(templates),
        undefined=jinja2.StrictUndefined,
        finalize=_as_json,
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
    )
    environment.globals["jsonata"] = jsonata
    return environment


def execution_timeout(job: Job, cluster: Cluster) -> int:
    """Return the seconds after which Step Functions gives an execution up: more than all its attempts can take."""
    attempt = job.max_lifetime(cluster) + cluster.terminate_timeout + MAX_LOOKS * LOG_WAIT + sum(TASK_TIMEOUTS.values())
    waiting = SLOT_TIMEOUT if job.limits.concurrent_runs else 0
    return waiting + (1 + job.on_failure.attempts) * attempt + _MARGIN


def has_policy(job: Job) -> bool:
    """Whether a policy scales a job's clusters, rather than EMR's managed scaling."""
    return isinstance(load_scaling(job.scaling), CustomScaling)


def refuse_policy(job: Job, cluster: Cluster) -> None:
    """Refuse a policy that no cluster of its types can follow, with the prices of any region.

    Raises
    ------
    RenderError
        What is wrong with it.
    """
    scaling = load_scaling(job.scaling)
    if not isinstance(scaling, CustomScaling):
        return
    for region in catalogue_regions():
        try:
            fit_policy(scaling, cluster.task_market, load_catalogue(region), job.limits.max_nodes)
        except ScalingError as error:
            raise RenderError(
                f"the job {job.name!r} cannot be scaled by the policy {scaling.name!r}: {error}"
            ) from error


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise RenderError(f"rendered twice in one object: {', '.join(twice)}; two steps must not share a name")
    return found


def render_machine(job: Job, cluster: Cluster, templates: Path = TEMPLATES) -> str:
    r"""Render a job's definition.

    Parameters
    ----------
    job, cluster
        The job's spec and the cluster spec it names.
    templates
        The folder that holds ``job.asl.json.j2``.

    Returns
    -------
    str
        Amazon States Language, indented, the same for the same specs; it holds a digest of all the rest of itself, by
        which a run tells what it was run by. ``${Name}`` stands where CloudFormation's
        ``DefinitionSubstitutions`` fill in an ARN or a name; a ``${`` of a spec's own text is written ``\u0024{``.

    Raises
    ------
    RenderError
        A value would be evaluated, or a state's name occurs twice.
    """
    template = _environment(templates).get_template("job.asl.json.j2")
    text = template.render(
        job=job,
        cluster=cluster,
        timeouts=TASK_TIMEOUTS
        | {"call": CALL_TIMEOUT, "slot": SLOT_TIMEOUT, "execution": execution_timeout(job, cluster)},
        waits={"log": LOG_WAIT, "glance": GLANCE_SECONDS, "pace": PACE_SECONDS},
        max_glances=MAX_GLANCES,
        unpaced_steps=UNPACED_STEPS,
        last_timeout=last_timeout(job),
        lifetime=job.max_lifetime(cluster),
        entry=lambda wave: entry_state(job, wave),
        all_in=all_in,
        custom_scaling=has_policy(job),
        digest=_DIGEST,
    )
    definition = json.loads(text, object_pairs_hook=_without_duplicates)
    written = json.dumps(definition, indent=2, ensure_ascii=False).replace(f"{_DOLLAR}{{", "\\u0024{") + "\n"
    digest = hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_LENGTH]
    return written.replace(f'"{_DIGEST}"', f'"{digest}"')
