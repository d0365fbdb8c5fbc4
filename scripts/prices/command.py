"""``slow-lambda prices``: write the instance catalogues anew from AWS, and show them."""

import datetime
import json
import sys
from collections.abc import Iterable
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from lambdas.specs import SPECS, load_catalogue, load_cluster
from lambdas.specs.catalogue import Catalogue, InstanceType
from lambdas.specs.paths import catalogue_file
from scripts.files import write_whole
from scripts.prices.changes import Changes, changes
from scripts.prices.clients import clients_of
from scripts.prices.document import as_document
from scripts.prices.refresh import refreshed

# Prices on demand change rarely; spot prices, within weeks.
OLD_DAYS = 90

REGIONS = Annotated[list[str] | None, typer.Option("--region", help="A region; without it, all with a catalogue.")]
JSON = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]

prices = typer.Typer(no_args_is_help=True)


@prices.command()
def refresh(
    region: REGIONS = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would change.")] = False,
    as_json: JSON = False,
) -> None:
    """Write the catalogues anew from EMR, EC2 and the Price List API; none, if anything is missing of any."""
    known = _known_regions()
    clusters = [load_cluster(path.stem) for path in sorted((SPECS / "clusters").glob("*.yml"))]
    now = datetime.datetime.now(datetime.UTC)
    compared: list[tuple[Catalogue, Changes]] = []
    for name in region or known:
        old = load_catalogue(name) if name in known else None
        new = refreshed(name, clients_of(name), old, clusters, now)
        compared.append((new, changes(old, new)))
    if not dry_run:
        for new, _ in compared:
            write_whole(catalogue_file(new.region, SPECS), as_document(new))
    if as_json:
        shown = [_as_json(new, found) for new, found in compared]
        print(json.dumps({"dry_run": dry_run, "regions": shown}, indent=2))
    else:
        for new, found in compared:
            _show_changes(new, found, dry_run)


@prices.command()
def show(region: REGIONS = None, as_json: JSON = False) -> None:
    """Show what the catalogues hold, a family per line, and how old they are."""
    catalogues = [load_catalogue(name) for name in region or _known_regions()]
    if as_json:
        print(json.dumps([catalogue.model_dump(mode="json") for catalogue in catalogues], indent=2))
        return
    for catalogue in catalogues:
        days = (datetime.datetime.now(datetime.UTC).date() - catalogue.prices_as_of).days
        print(f"{catalogue.region}: {len(catalogue.types)} types, prices of {catalogue.prices_as_of}, {days} days old")
        Console().print(_families(catalogue.types))
        if days > OLD_DAYS:
            print(
                f"the prices of {catalogue.region} are more than {OLD_DAYS} days old; "
                f"'slow-lambda prices refresh --region {catalogue.region}' reads them from AWS",
                file=sys.stderr,
            )


def _known_regions() -> list[str]:
    return sorted(path.stem for path in (SPECS / "instances").glob("*.json"))


def _as_json(new: Catalogue, found: Changes) -> dict[str, object]:
    moves = [{name: str(value) for name, value in vars(move).items() if value is not None} for move in found.moves]
    names = {"added": found.added, "removed": found.removed}
    return {"region": new.region, "types": len(new.types), **names, "moves": moves}


def _show_changes(new: Catalogue, found: Changes, dry_run: bool) -> None:
    print(f"{new.region}: {len(new.types)} types {'read' if dry_run else 'written'}")
    for word, names in (("added", found.added), ("removed", found.removed)):
        if names:
            print(f"  {word}: {', '.join(names)}")
    if found.moves:
        table = Table("type", "price", "before", "after")
        for move in found.moves:
            table.add_row(move.type, move.price, str(move.before or "none"), str(move.after or "none"))
        Console().print(table)


def _families(types: Iterable[InstanceType]) -> Table:
    by_family: dict[str, list[InstanceType]] = {}
    for each in types:
        by_family.setdefault(each.family, []).append(each)
    table = Table("family", "arch", "largest", "EC2", "EMR", "spot", "since", title="the smallest, dollars per hour")
    for family, members in by_family.items():
        smallest, largest = members[0], members[-1].type.partition(".")[2]
        spot = "unknown" if smallest.spot_usd_per_hour is None else str(smallest.spot_usd_per_hour)
        prices_of = str(smallest.ec2_usd_per_hour), str(smallest.emr_usd_per_hour), spot
        table.add_row(family, smallest.arch, largest, *prices_of, smallest.since)
    return table
