"""The resources of this project's stack that ministack's CloudFormation does not know.

They are EMR's security configuration, and the rules of security groups that stand by themselves. The local cloud has
neither a network nor nodes that could be guarded, so each is only given an id, as AWS would give it one. And they are
archives of events, which ministack has (``ministack_archives``).
"""

import uuid
from typing import Any

from ministack.services.cloudformation import provisioners

from scripts.local.adapters import ministack_archives
from scripts.local.adapters.hooks import require

Created = tuple[str, dict[str, Any]]


def _create_rule(_logical_id: str, _properties: dict[str, Any], _stack: str) -> Created:
    rule = f"sgr-{_suffix()}"
    return rule, {"Id": rule}


def _update_rule(rule: str, _old: dict[str, Any], _new: dict[str, Any], _stack: str) -> Created:
    return rule, {"Id": rule}


def _create_security(logical_id: str, _properties: dict[str, Any], stack: str) -> Created:
    return f"{stack}-{logical_id}-{_suffix()}", {}


def _delete(_physical_id: str, _properties: dict[str, Any]) -> None:
    """Nothing was made that would have to go."""


def _suffix() -> str:
    return uuid.uuid4().hex[:17]


_RULE = {"create": _create_rule, "update": _update_rule, "delete": _delete}

ADDED: dict[str, dict[str, Any]] = {
    "AWS::EC2::SecurityGroupEgress": _RULE,
    "AWS::EC2::SecurityGroupIngress": _RULE,
    # No update: a changed configuration is another one, of another name.
    "AWS::EMR::SecurityConfiguration": {"create": _create_security, "delete": _delete},
    "AWS::Events::Archive": ministack_archives.RESOURCE,
}


def install(pinned: str) -> None:
    """Teach ministack's CloudFormation the types it does not know.

    Parameters
    ----------
    pinned
        The version of ministack this is written for.

    Raises
    ------
    HookMissingError
        The installed ministack keeps its types elsewhere.
    """
    require("ministack", pinned, provisioners, "_RESOURCE_HANDLERS")
    provisioners._RESOURCE_HANDLERS.update(ADDED)
