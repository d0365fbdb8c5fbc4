"""The local cloud's CloudFormation knows every type of resource of the stack."""

import pytest
from ministack.services.cloudformation import provisioners

from scripts.local.adapters import ministack, ministack_cloudformation
from scripts.local.adapters.hooks import HookMissingError
from scripts.rendering.jobs import render_jobs
from scripts.rendering.template import CodeLocation, Options, expand

OWN = {"network": "own", "subnetIds": "subnet-1", "vpcId": "vpc-1"}


@pytest.mark.parametrize("params", [{}, OWN], ids=["new", "own"])
def test_every_type_can_be_made_and_removed(params: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    known = dict(provisioners._RESOURCE_HANDLERS)
    monkeypatch.setattr(provisioners, "_RESOURCE_HANDLERS", known)
    ministack_cloudformation.install(ministack.PINNED)
    render_jobs()
    types = {
        each["Type"] for each in expand(Options("test", params=params), CodeLocation("b", "k"))["Resources"].values()
    }
    assert types <= set(known)
    for kind in types & set(ministack_cloudformation.ADDED):
        handler = known[kind]
        made, attributes = handler["create"]("Logical", {}, "stack")
        assert made
        assert attributes.get("Id", made) == made
        handler["delete"](made, {})


def test_a_version_that_keeps_its_types_elsewhere_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(provisioners, "_RESOURCE_HANDLERS")
    with pytest.raises(HookMissingError, match="_RESOURCE_HANDLERS"):
        ministack_cloudformation.install(ministack.PINNED)
