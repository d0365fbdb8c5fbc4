"""Put the EMR engine under ministack: its EMR API and its Step Functions integrations.

Replaced are the handler of the EMR API, the dispatch entries of ``elasticmapreduce:`` and ``aws-sdk:emr:`` tasks
(ministack has none), and the task timeout, which must be counted on the engine's clock for ``.sync`` tasks.
``_fail_execution`` is wrapped so that a stopped execution stays ABORTED. ``ministack_branches`` has the branches of a
Parallel, and what stops waiting when an execution or a branch is stopped; ``ministack_cloudformation`` the types of
resources its CloudFormation lacks; ``ministack_archives`` what its archives of events lack; ``ministack_events`` the
engine's events; ``ministack_tokens`` tasks that wait for a token.
"""

import json
from typing import Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import emr, stepfunctions

from scripts.local.adapters import (
    aws_sdk,
    ministack_archives,
    ministack_branches,
    ministack_cloudformation,
    ministack_events,
    ministack_tokens,
)
from scripts.local.adapters.hooks import require
from scripts.local.adapters.ministack_branches import Stopped, go_on, stopped
from scripts.local.emr.clock import Clock
from scripts.local.emr.engine import EmrEngine
from scripts.local.emr.errors import EmrApiError
from scripts.local.emr.sync import IntegrationError, IntegrationStopped, run_integration

PINNED = "1.5.33"
INTEGRATION = "arn:aws:states:::elasticmapreduce:"
SDK_INTEGRATION = "arn:aws:states:::aws-sdk:emr:"
# EMR's own answers carry the time on the engine's clock, so that a watcher can tell simulated time from real time.
CLOCK_HEADER = "x-local-cloud-time"


def install(engine: EmrEngine, clock: Clock) -> None:
    """Replace ministack's EMR by the engine.

    Raises
    ------
    HookMissingError
        The installed ministack is another version than the pinned one and lacks a hook.
    """
    require("ministack", PINNED, emr, "handle_request")
    hooks = (
        "_SERVICE_DISPATCH",
        "_invoke_resource_with_timeout",
        "_fail_execution",
        "_ExecutionError",
        *ministack_branches.HOOKS,
        *ministack_tokens.HOOKS,
    )
    require("ministack", PINNED, stepfunctions, *hooks)
    _install_api(engine, clock)
    _install_integration(engine, clock)
    ministack_branches.install(clock)
    ministack_tokens.install(clock)
    ministack_cloudformation.install(PINNED)
    ministack_archives.install(PINNED)
    ministack_events.install(PINNED)


def _install_api(engine: EmrEngine, clock: Clock) -> None:
    async def handle_request(
        _method: str, _path: str, headers: dict[str, str], body: bytes, _query: dict[str, Any]
    ) -> tuple[int, dict[str, str], bytes]:
        action = headers.get("x-amz-target", "").rpartition(".")[2]
        try:
            status, sent, content = json_response(engine.call(action, json.loads(body or b"{}")))
        except EmrApiError as error:
            status, sent, content = error_response_json(error.code, error.message, 400)
        return status, {**sent, CLOCK_HEADER: str(clock.now())}, content

    emr.handle_request = handle_request


def _install_integration(engine: EmrEngine, clock: Clock) -> None:
    def invoke(resource: str, arguments: dict[str, Any], timeout: float | None = None) -> dict[str, Any]:
        action, _, pattern = resource.removeprefix(INTEGRATION).partition(".")
        go_on()
        try:
            return run_integration(engine, clock, action, pattern == "sync", arguments, timeout, stopped)
        except IntegrationError as error:
            raise stepfunctions._ExecutionError(error.error, error.cause) from error
        except IntegrationStopped:
            raise Stopped from None

    def invoke_sdk(resource: str, arguments: dict[str, Any]) -> dict[str, Any]:
        go_on()
        try:
            return aws_sdk.call(engine, clock, resource.removeprefix(SDK_INTEGRATION), arguments)
        except IntegrationError as error:
            raise stepfunctions._ExecutionError(error.error, error.cause) from error

    original_timeout = stepfunctions._invoke_resource_with_timeout

    def invoke_with_timeout(resource: str, arguments: Any, timeout: float) -> Any:
        if resource.startswith(INTEGRATION):
            return invoke(resource, arguments, timeout)
        return original_timeout(resource, arguments, timeout)

    original_failure = stepfunctions._fail_execution

    def fail_execution(execution: dict[str, Any], error: str, cause: str) -> None:
        if execution["status"] == "RUNNING":
            original_failure(execution, error, cause)

    stepfunctions._SERVICE_DISPATCH[INTEGRATION] = invoke
    stepfunctions._SERVICE_DISPATCH[SDK_INTEGRATION] = invoke_sdk
    stepfunctions._invoke_resource_with_timeout = invoke_with_timeout
    stepfunctions._fail_execution = fail_execution
