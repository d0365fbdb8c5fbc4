"""Rules about scaling that look at more than one value, and at more than one spec."""

import difflib
from collections.abc import Iterator, Sequence
from typing import Any

from lambdas.specs.catalogue import Catalogue
from lambdas.specs.cluster import Cluster
from lambdas.specs.document import Document, Key, describe
from lambdas.specs.errors import Finding
from lambdas.specs.job import Job
from lambdas.specs.scaling import Condition, CustomScaling, Scaling, parse_condition

# How many of the catalogue's hundreds of names a finding proposes.
_SHOWN = 6


def check_scaling(document: Document, name: str, catalogues: Sequence[Catalogue]) -> Iterator[Finding]:
    """Find whether a scaling spec is named after its file, of one kind, of known types, with rules that pull both ways.

    It takes whatever the file holds, so that all findings come at once.
    """
    data = document.data if isinstance(document.data, dict) else {}
    if isinstance(data.get("name"), str) and data["name"] != name:
        yield document.finding(("name",), f"the name of its file, {name!r}", describe(data["name"]))
    if "managed" in data and "rules" in data:
        yield document.finding(
            ("managed",), "either 'managed' or 'rules': EMR does not take both for one cluster", "both"
        )
    for part, what in (("rules", "rule"), ("task_groups", "task group")):
        yield from _names_once(document, part, what)
    yield from _check_known_types(document, catalogues)
    yield from _check_directions(document)
    yield from _check_bands(document)


def check_job_scaling(
    document: Document, job: Job, cluster: Cluster, scaling: Scaling, catalogues: Sequence[Catalogue]
) -> Iterator[Finding]:
    """Find whether a job's cluster can be scaled as its scaling spec says.

    Parameters
    ----------
    document
        The job's.
    """
    if not isinstance(scaling, CustomScaling):
        least, room = scaling.managed.minimum or 1, job.limits.max_nodes - 1
        if least > room:
            wanted = f"at least {least + 1}: a primary node and the minimum of {scaling.name!r}"
            yield document.finding(("limits", "max_nodes"), wanted, describe(job.limits.max_nodes))
        return
    if cluster.capacity != "groups":
        yield document.finding(
            ("scaling",),
            "scaling: managed, or a cluster spec with capacity: groups; EMR scales instance groups by a custom policy, "
            "never instance fleets",
            f"the policy {scaling.name!r} and the cluster spec {cluster.name!r} with fleets",
        )
    if job.limits.max_nodes < scaling.smallest:
        wanted = f"at least {scaling.smallest}, the smallest cluster of {scaling.name!r}"
        yield document.finding(("limits", "max_nodes"), wanted, describe(job.limits.max_nodes))
    for catalogue in catalogues:
        for known in (each for each in catalogue.types if each.type in scaling.types):
            if known.arch != cluster.architecture:
                wanted = f"types of {cluster.architecture}, as the cluster spec {cluster.name!r} says"
                yield document.finding(
                    ("scaling",), wanted, f"{known.type!r} in {scaling.name!r}, which is {known.arch}"
                )
            elif not known.runs_on(cluster.release):
                found = f"{known.type!r} in {scaling.name!r}, which needs {known.since} or later"
                yield document.finding(("scaling",), f"types that {cluster.release} supports", found)


def _names_once(document: Document, part: str, what: str) -> Iterator[Finding]:
    first_of: dict[str, int] = {}
    for number, item in _items(document, part):
        name = item.get("name")
        if isinstance(name, str) and first_of.setdefault(name, number) != number:
            found = f"{name!r}, which {part}[{first_of[name]}] has already"
            yield document.finding((part, number, "name"), f"a name no other {what} has", found)


def _check_known_types(document: Document, catalogues: Sequence[Catalogue]) -> Iterator[Finding]:
    named = list(_named_types(document))
    for catalogue in catalogues:
        where = f"in emr_specs/instances/{catalogue.region}.json"
        known = {each.type: each for each in catalogue.types}
        for key, name in named:
            if name not in known:
                close = difflib.get_close_matches(name, known, n=_SHOWN, cutoff=0)
                yield document.finding(key, f"a type {where}, such as {', '.join(close)}", describe(name))
        found = [(key, known[name]) for key, name in named if name in known]
        for key, each in found:
            if each.arch != found[0][1].arch:
                wanted = f"types of one architecture; {found[0][1].type} is {found[0][1].arch}"
                yield document.finding(key, wanted, f"{each.type!r}, which is {each.arch}")
    for number, item in _items(document, "task_groups"):
        types = item.get("types")
        for place, name in enumerate(types if isinstance(types, list) else ()):
            if isinstance(types, list) and name in types[:place]:
                yield document.finding(("task_groups", number, "types", place), "a type once", f"{name!r} again")


def _named_types(document: Document) -> Iterator[tuple[Key, str]]:
    for key, text in document.strings():
        match key:
            case ("minimum", "primary" | "core", "type") | ("task_groups", _, "types", _):
                yield key, text


def _check_directions(document: Document) -> Iterator[Finding]:
    """Find rules that act on the wrong side, as at least one does when all have one operator."""
    for number, rule, condition in _conditions(document):
        adds = "add" in rule
        if condition.means_more_to_do is not adds:
            side = ">" if condition.operator.startswith("<") else "<"
            why = "more" if adds else "less"
            yield document.finding(
                ("rules", number, "when"),
                f"{condition.metric} {side} ..., which is so when there is {why} to do, as this rule "
                f"{'adds' if adds else 'removes'} nodes",
                describe(str(condition)),
            )


def _check_bands(document: Document) -> Iterator[Finding]:
    """Find thresholds of one metric that leave nothing between adding and removing."""
    rules = [each for each in _conditions(document) if each[2].means_more_to_do is ("add" in each[1])]
    for number, rule, removing in rules:
        if "add" in rule:
            continue
        for _, other, adding in rules:
            if "add" not in other or adding.metric != removing.metric:
                continue
            apart = removing.threshold - adding.threshold
            if apart <= 0 if adding.operator.startswith("<") else apart >= 0:
                side = "above" if adding.operator.startswith("<") else "below"
                wanted = f"a threshold {side} {adding.threshold}, at which {other.get('name')!r} adds nodes"
                yield document.finding(("rules", number, "when"), wanted, describe(str(removing)))


def _conditions(document: Document) -> Iterator[tuple[int, dict[str, Any], Condition]]:
    """Yield the rules whose conditions can be read; the model finds the others."""
    for number, item in _items(document, "rules"):
        if ("add" in item) is ("remove" in item):
            continue
        try:
            yield number, item, parse_condition(item.get("when"))
        except ValueError:
            continue


def _items(document: Document, part: str) -> Iterator[tuple[int, dict[str, Any]]]:
    data = document.data if isinstance(document.data, dict) else {}
    listed = data.get(part)
    for number, item in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(item, dict):
            yield number, item
