"""Where the ledger is kept: the run table, an item a run, updated field by field so that no writer undoes another's."""

import datetime
import json
import zlib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from lambdas.ledger.entry import SCHEMA, LedgerEntry, LedgerStep

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    Item = Mapping[str, AttributeValueTypeDef]

STARTED_INDEX = "started"
"""The index of the run table by job and start."""

# An item holds 400 KB; a long cause is in the record, the item has its beginning, and a long input is packed.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
CAUSE_CHARACTERS = 2_000
DOCUMENT_BYTES = 50_000

_STEP = "step#"
_DOCUMENT = "document"
_SETS = ("replayed_by", "cluster_ids")


class EntryTornError(ValueError):
    """An item of the ledger cannot be read; the message says which, and why."""


def put_entry(dynamodb: "DynamoDBClient", table: str, job: str, run: str, fields: Mapping[str, Any]) -> None:
    """Write a run's entry anew: what there was of it goes.

    Parameters
    ----------
    fields
        Fields of ``LedgerEntry`` by name; those that are ``None`` are left out.
    """
    single, sets = _split(fields)
    item = {name: _attribute(name, value) for name, value in single.items() if value is not None}
    item |= {name: {"SS": members} for name, members in sets.items() if members}
    dynamodb.put_item(TableName=table, Item={**item, **_key(job, run)})


def write_entry(
    dynamodb: "DynamoDBClient",
    table: str,
    job: str,
    run: str,
    fields: Mapping[str, Any],
    *,
    only_existing: bool = False,
) -> bool:
    """Set fields of a run's entry, and leave the others as they are.

    Parameters
    ----------
    fields
        Fields of ``LedgerEntry`` by name, ``None`` where one is to go. Members of ``replayed_by`` and ``cluster_ids``
        are added to those there are; ``steps`` replaces those of the same names.
    only_existing
        Make no entry where there is none.

    Returns
    -------
    bool
        Whether there is an entry now.
    """
    single, sets = _split(fields)
    added = {name: members for name, members in sets.items() if members}
    gone = [name for name, value in {**fields, **single}.items() if value is None]
    kept = {name: value for name, value in single.items() if value is not None}
    number = {name: position for position, name in enumerate((*kept, *added, *gone))}
    clauses = {
        "SET": [f"#{number[name]} = :{number[name]}" for name in kept],
        "ADD": [f"#{number[name]} :{number[name]}" for name in added],
        "REMOVE": [f"#{number[name]}" for name in gone],
    }
    values: dict[str, AttributeValueTypeDef] = {f":{number[name]}": _attribute(name, kept[name]) for name in kept}
    values |= {f":{number[name]}": {"SS": added[name]} for name in added}
    condition: dict[str, Any] = {"ConditionExpression": "attribute_exists(job)"} if only_existing else {}
    try:
        dynamodb.update_item(
            TableName=table,
            Key=_key(job, run),
            UpdateExpression=" ".join(f"{verb} {', '.join(parts)}" for verb, parts in clauses.items() if parts),
            ExpressionAttributeNames={f"#{position}": name for name, position in number.items()},
            ExpressionAttributeValues=values,
            **condition,
        )
    except dynamodb.exceptions.ConditionalCheckFailedException:
        return False
    return True


def count_replays(dynamodb: "DynamoDBClient", table: str, job: str, run: str) -> int | None:
    """Return how many replays a run's entry names, ``None`` if there is no entry; also of one that cannot be read."""
    names = "replayed_by"
    item = dynamodb.get_item(
        TableName=table, Key=_key(job, run), ProjectionExpression=f"job, {names}", ConsistentRead=True
    ).get("Item")
    return None if item is None else len(item.get(names, {}).get("SS", []))


def claim_replay(dynamodb: "DynamoDBClient", table: str, job: str, run: str, replay: str, known: int) -> bool:
    """Name one more replay in a run's entry, if there are still as many as were known; named already, it stays so.

    Returns
    -------
    bool
        Whether it is named; if not, another one was meanwhile.
    """
    unchanged = "size(replayed_by) = :known" if known else "attribute_not_exists(replayed_by)"
    values: dict[str, AttributeValueTypeDef] = {":replay": {"SS": [replay]}, ":name": {"S": replay}}
    try:
        dynamodb.update_item(
            TableName=table,
            Key=_key(job, run),
            UpdateExpression="ADD replayed_by :replay",
            ConditionExpression=f"{unchanged} OR contains(replayed_by, :name)",
            ExpressionAttributeValues={**values, **({":known": {"N": str(known)}} if known else {})},
        )
    except dynamodb.exceptions.ConditionalCheckFailedException:
        return False
    return True


def _split(fields: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Return attributes and sets of an item."""
    single = {name: value for name, value in fields.items() if name not in {*_SETS, "steps"}} | {"schema": SCHEMA}
    single |= {f"{_STEP}{step.name}": step.model_dump_json(exclude_defaults=True) for step in fields.get("steps", ())}
    return single, {name: sorted(fields.get(name) or ()) for name in _SETS}


def read_entry(dynamodb: "DynamoDBClient", table: str, job: str, run: str) -> LedgerEntry | None:
    """Return a run's entry, ``None`` if there is none.

    Raises
    ------
    EntryTornError
        What is there cannot be read.
    """
    item = dynamodb.get_item(TableName=table, Key=_key(job, run), ConsistentRead=True).get("Item")
    return parse_entry(item) if item else None


def entries_since(
    dynamodb: "DynamoDBClient",
    table: str,
    job: str,
    since: datetime.datetime | None = None,
    until: datetime.datetime | None = None,
    torn: list[EntryTornError] | None = None,
) -> Iterator[LedgerEntry]:
    """Yield the runs of a job that started in some time, newest first.

    An entry that lacks its start is in no index, so it is not found here.

    Parameters
    ----------
    since, until
        With a time zone; both belong to it.
    torn
        Gets the errors of entries that cannot be read, which are left out.
    """
    times = {":since": _time(since or datetime.datetime.min.replace(tzinfo=datetime.UTC)), ":until": _time(until)}
    pages = dynamodb.get_paginator("query").paginate(
        TableName=table,
        IndexName=STARTED_INDEX,
        KeyConditionExpression="job = :job AND started BETWEEN :since AND :until",
        ExpressionAttributeValues={":job": {"S": job}, **{name: {"S": text} for name, text in times.items()}},
        ScanIndexForward=False,
    )
    for item in (item for page in pages for item in page["Items"]):
        try:
            yield parse_entry(item)
        except EntryTornError as error:
            if torn is not None:
                torn.append(error)


def parse_entry(item: "Item") -> LedgerEntry:
    """Read an item of the table.

    Raises
    ------
    EntryTornError
        It lacks what every entry has, or is of a newer schema.
    """
    which = f"the entry of {item['run'].get('S', '?')} ({item['job'].get('S', '?')})"
    try:
        fields = {name: _value(name, value) for name, value in item.items() if not name.startswith(_STEP)}
        form = int(fields.get("schema", 0))
        if form > SCHEMA:
            raise EntryTornError(f"{which} has the form {form}, and this version reads up to {SCHEMA}; update it")
        if "cluster_id" in fields:  # what record_run wrote before there was a ledger
            fields.setdefault("cluster_ids", [fields["cluster_id"]])
        steps = [LedgerStep.model_validate_json(value["S"]) for name, value in item.items() if name.startswith(_STEP)]
        return LedgerEntry.model_validate({**fields, "steps": sorted(steps, key=lambda step: step.number)})
    except EntryTornError:
        raise
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or error.title
        raise EntryTornError(f"{which} cannot be read: {where}: {first['msg']}") from error
    except (ValueError, KeyError, TypeError, zlib.error) as error:
        raise EntryTornError(f"{which} cannot be read: {type(error).__name__}: {error}") from error


def _key(job: str, run: str) -> "Item":
    return {"job": {"S": job}, "run": {"S": run}}


def _time(moment: datetime.datetime | None) -> str:
    """Return a time as texts of it sort; what is open ends in the far future."""
    if moment is None:
        return "9999"
    return moment.astimezone(datetime.UTC).isoformat(timespec="microseconds")


def _attribute(name: str, value: Any) -> "AttributeValueTypeDef":
    if name == _DOCUMENT:
        text = json.dumps(value)
        return {"S": text} if len(text) <= DOCUMENT_BYTES else {"B": zlib.compress(text.encode())}
    if isinstance(value, datetime.datetime):
        return {"S": _time(value)}
    if isinstance(value, int | float):
        return {"N": f"{Decimal(str(value)).normalize():f}"}
    return {"S": value[:CAUSE_CHARACTERS] if name == "cause" else value}


def _value(name: str, value: "AttributeValueTypeDef") -> Any:
    if name == _DOCUMENT:
        return json.loads(zlib.decompress(value["B"]) if "B" in value else value["S"])
    return next(iter(value.values()))
