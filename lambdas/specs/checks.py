"""Rules that look at more than one value. Each takes whatever the file holds, so that all findings come at once."""

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

from lambdas.inputs.uri import PATTERN_CHARACTERS
from lambdas.specs.catalogue import Catalogue, InstanceType, release_version
from lambdas.specs.cluster import SIZED_PROPERTIES, Architecture
from lambdas.specs.document import Document, Key, describe
from lambdas.specs.errors import Finding
from lambdas.specs.paths import cluster_file, scaling_file
from lambdas.specs.placeholders import DATA_BUCKET, OUTPUT, PER_RUN, RUN_ID, unknown_placeholders
from lambdas.specs.scaling import MANAGED

# How many of the catalogue's hundreds of names a finding proposes.
_SHOWN = 6


def check_texts(document: Document) -> Iterator[Finding]:
    """Find texts that Step Functions would evaluate, and placeholders that are unknown or mean nothing there.

    https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
    """
    for key, text in document.strings():
        if text.lstrip().startswith("{%") or text.rstrip().endswith("%}"):
            yield document.finding(key, "text that Step Functions does not evaluate as JSONata", describe(text))
        allowed = _allowed(key)
        for unknown in unknown_placeholders(text, allowed):
            yield document.finding(key, _placeholders(allowed), f"the unknown placeholder {unknown!r}")


def check_job(document: Document, folder: Path, root: Path) -> Iterator[Finding]:
    """Find whether a job is named after its folder, has distinct steps, and names what exists."""
    data = _mapping(document.data)
    name, cluster, target = data.get("name"), data.get("cluster"), data.get("input")
    if isinstance(name, str) and name != folder.name:
        yield document.finding(("name",), f"the name of the job's folder, {folder.name!r}", describe(name))
    if isinstance(cluster, str) and "/" not in cluster and not cluster_file(cluster, root).is_file():
        known = ", ".join(sorted(path.stem for path in (root / "clusters").glob("*.yml"))) or "none"
        yield document.finding(("cluster",), f"a cluster spec of emr_specs/clusters ({known})", describe(cluster))
    scaling = data.get("scaling", MANAGED)
    is_named = isinstance(scaling, str) and scaling != MANAGED and "/" not in scaling
    if is_named and not scaling_file(scaling, root).is_file():
        known = ", ".join([MANAGED, *sorted(path.stem for path in (root / "scaling").glob("*.yml"))])
        yield document.finding(("scaling",), f"managed or a spec of emr_specs/scaling ({known})", describe(scaling))
    if data.get("triggers") and isinstance(target, str) and not _is_folder(target):
        yield document.finding(("input",), "a folder that ends in '/', because a trigger watches it", describe(target))
    first_of: dict[str, int] = {}
    for number, item in enumerate(_sequence(data.get("steps"))):
        step = _mapping(item)
        name, script = step.get("name"), step.get("script")
        if isinstance(name, str) and first_of.setdefault(name, number) != number:
            found = f"{name!r}, which steps[{first_of[name]}] has already"
            yield document.finding(("steps", number, "name"), "a name no other step has", found)
        yield from _check_needs(document, number, _mapping(item), first_of)
        if isinstance(script, str) and script.endswith(".py") and not _lies_in(folder, script):
            found = f"{script!r}, which does not exist"
            yield document.finding(("steps", number, "script"), f"a file in {folder.name}/", found)


def _check_needs(document: Document, number: int, step: dict[str, Any], first_of: dict[str, int]) -> Iterator[Finding]:
    earlier = [name for name, first in first_of.items() if first < number]
    for place, name in enumerate(_sequence(step.get("needs"))):
        if isinstance(name, str) and name not in earlier:
            known = ", ".join(earlier) or "there is none"
            yield document.finding(
                ("steps", number, "needs", place), f"a step listed before this one ({known})", describe(name)
            )


def check_cluster(document: Document, name: str, catalogues: Sequence[Catalogue]) -> Iterator[Finding]:
    """Find whether a cluster is named after its file, its types priced, supported and of one architecture."""
    data = _mapping(document.data)
    if isinstance(data.get("name"), str) and data["name"] != name:
        yield document.finding(("name",), f"the name of its file, {name!r}", describe(data["name"]))
    for catalogue in catalogues:
        yield from _check_types(document, data, catalogue)
    for classification, properties in _mapping(data.get("configurations")).items():
        for key in sorted(SIZED_PROPERTIES.get(str(classification), frozenset()) & set(_mapping(properties))):
            place = ("configurations", str(classification), key)
            yield document.finding(place, "no property that the size of a run sets", f"{key!r}")


def check_catalogue(document: Document, region: str) -> Iterator[Finding]:
    """Find whether a catalogue is named after its region and has every type once."""
    data = _mapping(document.data)
    if isinstance(data.get("region"), str) and data["region"] != region:
        yield document.finding(("region",), f"the region of its file, {region!r}", describe(data["region"]))
    seen: set[str] = set()
    for number, item in enumerate(_sequence(data.get("types"))):
        name = _mapping(item).get("type")
        if isinstance(name, str) and name in seen:
            yield document.finding(("types", number, "type"), "a type no other line has", describe(name))
        seen.add(str(name))


def _check_types(document: Document, data: dict[str, Any], catalogue: Catalogue) -> Iterator[Finding]:
    where = f"in emr_specs/instances/{catalogue.region}.json"
    arch, release, families = data.get("architecture"), str(data.get("release")), _sequence(data.get("families"))
    named: list[tuple[Key, object, dict[str, list[InstanceType]]]] = [
        (("primary_type",), data.get("primary_type"), {known.type: [known] for known in catalogue.types})
    ]
    by_family: dict[str, list[InstanceType]] = {}
    for known in catalogue.types:
        by_family.setdefault(known.family, []).append(known)
    named += [(("families", number), family, by_family) for number, family in enumerate(families)]
    for key, value, known_as in named:
        if not isinstance(value, str):
            continue
        if value not in known_as:
            close = difflib.get_close_matches(value, known_as, n=_SHOWN, cutoff=0)
            yield document.finding(key, f"a type or family {where}, such as {', '.join(close)}", describe(value))
        elif arch in get_args(Architecture) and known_as[value][0].arch != arch:
            found = f"{value!r}, which is {known_as[value][0].arch}"
            yield document.finding(key, f"architecture {arch}, as the spec says", found)
        elif not any(each.runs_on(release) for each in known_as[value]):
            first = min((each.since for each in known_as[value]), key=release_version)
            yield document.finding(key, f"what {release} supports", f"{value!r}, which needs {first} or later")
    if not families and not any(each.arch == arch for each in catalogue.supported(release)):
        yield document.finding(("release",), f"a release with types of {arch} {where}", describe(release))


def _allowed(key: Key) -> frozenset[str]:
    match key:
        case ("input",):
            return frozenset({DATA_BUCKET})
        case ("steps", _, "args", _):
            return PER_RUN | {DATA_BUCKET, OUTPUT}
        case ("steps", _, "output") | ("steps", _, "output", _):
            return frozenset({DATA_BUCKET, RUN_ID})
        case _:
            return frozenset()


def _placeholders(allowed: frozenset[str]) -> str:
    written = [f"${{{name}}}" if name == DATA_BUCKET else f"<< {name} >>" for name in sorted(allowed)]
    return f"only the placeholders {', '.join(written)}" if written else "no placeholder here"


def _is_folder(target: str) -> bool:
    return target.endswith("/") and not PATTERN_CHARACTERS & set(target.replace(f"${{{DATA_BUCKET}}}", ""))


def _lies_in(folder: Path, script: str) -> bool:
    return "/" not in script and (folder / script).is_file()


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _sequence(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
