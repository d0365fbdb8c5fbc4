"""Where the queue of a job is kept: items of the table of starts that share one key.

``ticket#<start of the execution>#<its name>`` waits, ``holder#<name>`` has a slot, ``gate`` counts the slots given.
"""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lambdas.runs.events import Execution
from lambdas.slots.entries import Entry

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_TICKET = "ticket#"
_HOLDER = "holder#"
_GATE = "gate"

# A few are served at a time, however many wait.
_PAGE = 25

# With these another writer was there first; with any other the write itself failed.
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
_OUTRUN = frozenset({"None", "ConditionalCheckFailed", "TransactionConflict"})

# Every name is written with #: some are words of DynamoDB's own.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ReservedWords.html
_NAMES = {f"#{name}": name for name in ("queue", "item", "execution", "started", "tokens", "version")}
_ABSENT = "attribute_not_exists(#item)"
_PRESENT = "attribute_exists(#item)"


@dataclass(frozen=True)
class SlotTable:
    """The queue of one job.

    Attributes
    ----------
    dynamodb, table
        The client and the table of starts.
    job
        The job's name.
    """

    dynamodb: "DynamoDBClient"
    table: str
    job: str

    def add_ticket(self, execution: Execution, token: str) -> bool:
        """Let an execution wait with one more token; false if it may have a slot already."""
        ticket = self._at(
            _ticket(execution),
            {":execution": {"S": execution.id}, ":started": {"S": _moment(execution)}, ":tokens": {"SS": [token]}},
            UpdateExpression="SET #execution = :execution, #started = :started ADD #tokens :tokens",
        )
        no_holder = self._at(_holder(execution), ConditionExpression=_ABSENT)
        return self._write({"ConditionCheck": no_holder}, {"Update": ticket})

    def add_token(self, execution: Execution, token: str) -> bool:
        """Note one more token of a holder; false if it is none."""
        return self._change_holder(execution, "ADD #tokens :tokens", token)

    def forget_token(self, execution: Execution, token: str) -> None:
        """Note that a token of a holder needs not be told any more."""
        self._change_holder(execution, "DELETE #tokens :tokens", token)

    def gate(self) -> int:
        """Return how many slots have been given so far."""
        found = self.dynamodb.get_item(TableName=self.table, Key=self._key(_GATE), ConsistentRead=True)
        return int(found["Item"]["version"]["N"]) if "Item" in found else 0

    def holders(self) -> list[Entry]:
        """Return who has a slot."""
        return list(self._entries(_HOLDER))

    def tickets(self) -> Iterator[Entry]:
        """Yield who waits, the execution that started first comes first."""
        return self._entries(_TICKET)

    def grant(self, ticket: Entry, gate: int) -> bool:
        """Make a ticket a holder; false if it changed, or a slot was given, since it and the gate were read."""
        execution, tokens = ticket.execution, {"SS": sorted(ticket.tokens)}
        holder = {
            **self._key(_holder(execution)),
            "execution": {"S": execution.id},
            "started": {"S": _moment(execution)},
            "tokens": tokens,
        }
        put = {"TableName": self.table, "Item": holder, **_expressions(ConditionExpression=_ABSENT)}
        delete = self._at(_ticket(execution), {":tokens": tokens}, ConditionExpression="#tokens = :tokens")
        move = self._at(
            _GATE,
            {":next": {"N": str(gate + 1)}, **({":gate": {"N": str(gate)}} if gate else {})},
            UpdateExpression="SET #version = :next",
            ConditionExpression="#version = :gate" if gate else _ABSENT,
        )
        return self._write({"Put": put}, {"Delete": delete}, {"Update": move})

    def drop(self, execution: Execution) -> None:
        """Take an execution out of the queue, whether it waits or has a slot."""
        for item in (_ticket(execution), _holder(execution)):
            self.dynamodb.delete_item(TableName=self.table, Key=self._key(item))

    def _change_holder(self, execution: Execution, expression: str, token: str) -> bool:
        values = {":tokens": {"SS": [token]}}
        asked = self._at(_holder(execution), values, UpdateExpression=expression, ConditionExpression=_PRESENT)
        outrun = self.dynamodb.exceptions
        try:
            self.dynamodb.update_item(**asked)
        except (outrun.ConditionalCheckFailedException, outrun.TransactionConflictException):
            return False
        return True

    def _entries(self, prefix: str) -> Iterator[Entry]:
        asked = _expressions(
            {":queue": {"S": self._queue}, ":prefix": {"S": prefix}},
            KeyConditionExpression="#queue = :queue AND begins_with(#item, :prefix)",
        )
        pages = self.dynamodb.get_paginator("query").paginate(
            TableName=self.table, ConsistentRead=True, PaginationConfig={"PageSize": _PAGE}, **asked
        )
        return (_entry(item) for page in pages for item in page["Items"])

    def _write(self, *writes: Any) -> bool:
        """Make all of some writes; false if another writer was there first."""
        try:
            self.dynamodb.transact_write_items(TransactItems=writes)
        except self.dynamodb.exceptions.TransactionCanceledException as error:
            if {reason["Code"] for reason in error.response["CancellationReasons"]} <= _OUTRUN:
                return False
            raise
        return True

    @property
    def _queue(self) -> str:
        return f"slots#{self.job}"

    def _key(self, item: str) -> dict[str, Any]:
        return {"queue": {"S": self._queue}, "item": {"S": item}}

    def _at(self, item: str, values: dict[str, Any] | None = None, **expressions: str) -> dict[str, Any]:
        return {"TableName": self.table, "Key": self._key(item), **_expressions(values, **expressions)}


def _expressions(values: dict[str, Any] | None = None, **expressions: str) -> dict[str, Any]:
    """Return expressions with the names they use, and no others, which DynamoDB would refuse."""
    names = {name: _NAMES[name] for name in _NAMES if any(name in text for text in expressions.values())}
    used = {"ExpressionAttributeValues": values} if values else {}
    return {**expressions, "ExpressionAttributeNames": names, **used}


def _ticket(execution: Execution) -> str:
    return f"{_TICKET}{_moment(execution)}#{execution.name}"


def _holder(execution: Execution) -> str:
    return f"{_HOLDER}{execution.name}"


def _moment(execution: Execution) -> str:
    """Return when an execution started, so that texts sort as the moments do; to the millisecond, as AWS knows it."""
    return execution.started.astimezone(datetime.UTC).isoformat(timespec="milliseconds")


def _entry(item: dict[str, Any]) -> Entry:
    arn = item["execution"]["S"]
    started = datetime.datetime.fromisoformat(item["started"]["S"])
    execution = Execution(id=arn, name=arn.rpartition(":")[2], started=started)
    return Entry(execution, frozenset(item["tokens"]["SS"] if "tokens" in item else ()))
