"""The journal of a bulk replay, in the run table, so that whoever goes on with it starts each run exactly once.

What makes a start happen once is its name: it is written down before the first start, and Step Functions takes no name
twice within 90 days. The journal says what is left to do and what of the budget is spent; each change of it is
conditional, so two who go on with the same campaign cannot both pass the budget.
"""

import datetime
import json
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef, UpdateTypeDef

    Key = Mapping[str, AttributeValueTypeDef]

PARTITION = "#campaigns"
_HEAD = "campaign#"
_MEMBER = "member#"

# Step Functions may take a name again 90 days after the end of the execution that had it; with room to spare.
# https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
KEPT = datetime.timedelta(days=80)

# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
_BATCH = 25

# Another process that works on the same campaign had the items in hand.
_CONFLICTS = 10
_CONFLICT_SECONDS = 0.1

State = Literal["PLANNED", "CLAIMED", "STARTED", "REFUSED"]
"""``CLAIMED``: its price is counted, and it is being started; ``REFUSED``: the start failed, and may be tried again."""


class CampaignError(RuntimeError):
    """There is no such campaign, or it is too old to go on with."""


@dataclass(frozen=True)
class Member:
    """A run of a campaign.

    Attributes
    ----------
    number
        Its place, from 0.
    job, run
        The run to be replayed.
    name
        The execution that replays it.
    usd
        What it is expected to cost; ``None`` when nobody knows.
    why
        Why its start was refused.
    """

    number: int
    job: str
    run: str
    name: str
    usd: float | None
    state: State = "PLANNED"
    why: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is still something to do."""
        return self.state != "STARTED"


@dataclass(frozen=True)
class Campaign:
    """A bulk replay.

    Attributes
    ----------
    max_parallel, max_usd
        How many of its runs go at a time, and what they may cost together; ``None`` for no limit.
    """

    id: str
    created: datetime.datetime
    max_parallel: int | None
    max_usd: float | None
    members: Sequence[Member] = field(default=(), repr=False)


@dataclass(frozen=True)
class Journal:
    """Where campaigns are kept.

    Attributes
    ----------
    dynamodb, table
        The client and the run table.
    """

    dynamodb: "DynamoDBClient"
    table: str

    def create(
        self,
        members: Sequence[Member],
        now: datetime.datetime,
        max_parallel: int | None = None,
        max_usd: float | None = None,
    ) -> Campaign:
        """Write a campaign down; nobody sees it before all of it is there."""
        made = Campaign(f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}", now, max_parallel, max_usd, members)
        expires = {"N": str(int((now + KEPT).timestamp()))}
        items = [{**_member_key(made, each), **_written(each), "expires": expires} for each in members]
        for start in range(0, len(items), _BATCH):
            self._put(items[start : start + _BATCH])
        settings = {"max_parallel": max_parallel, "max_usd": max_usd}
        head = {
            **_head_key(made.id),
            "created": {"S": now.isoformat()},
            "settings": {"S": json.dumps(settings)},
            "spent": {"N": "0"},
            "expires": expires,
        }
        self.dynamodb.put_item(TableName=self.table, Item=head)
        return made

    def read(self, id_: str | None, now: datetime.datetime) -> Campaign:
        """Return a campaign as far as it has come, the newest one for ``None``.

        Raises
        ------
        CampaignError
            There is none, or it is so old that a name of it might be taken again.
        """
        # The newest comes first: ids begin with their time.
        found = next(self._query(f"{_HEAD}{id_ or ''}", newest_first=True), None)
        if found is None or (id_ and found["run"]["S"] != f"{_HEAD}{id_}"):
            raise CampaignError(f"there is no bulk replay {id_}" if id_ else "there is no bulk replay to go on with")
        known, created = found["run"]["S"].removeprefix(_HEAD), datetime.datetime.fromisoformat(found["created"]["S"])
        if now - created > KEPT:
            raise CampaignError(
                f"the bulk replay {known} is of {created:%Y-%m-%d}: after so long Step Functions may have forgotten "
                "what was started, and would start it again; begin a new one with --failed"
            )
        members = [_read(item) for item in self._query(f"{_MEMBER}{known}#")]
        return Campaign(known, created, **json.loads(found["settings"]["S"]), members=members)

    def claim(self, campaign: Campaign, member: Member) -> Member | None:
        """Count a member's price before it is started; ``None`` if the budget has no room for it.

        What another process did to the member meanwhile is not undone: then that state is returned.
        """
        limit = campaign.max_usd
        if limit is not None and member.usd is None:
            return None
        return self._move(campaign, replace(member, state="CLAIMED", why=None), member, Decimal(str(member.usd or 0)))

    def started(self, campaign: Campaign, member: Member) -> None:
        """Note that a member has been started."""
        self._move(campaign, replace(member, state="STARTED", why=None), member, Decimal(0))

    def refused(self, campaign: Campaign, member: Member, why: str) -> None:
        """Note that a member was not started, and give its price back."""
        self._move(campaign, replace(member, state="REFUSED", why=why), member, -Decimal(str(member.usd or 0)))

    def _move(self, campaign: Campaign, after: Member, before: Member, usd: Decimal) -> Member | None:
        """Change a member's state, and what is spent, together or not at all."""
        change: UpdateTypeDef = {
            "TableName": self.table,
            "Key": _member_key(campaign, before),
            "UpdateExpression": "SET #state = :after, why = :why",
            "ConditionExpression": "#state = :before",
            "ExpressionAttributeNames": {"#state": "state"},
            "ExpressionAttributeValues": {
                ":after": {"S": after.state},
                ":before": {"S": before.state},
                ":why": {"S": after.why} if after.why else {"NULL": True},
            },
        }
        spend: UpdateTypeDef = {
            "TableName": self.table,
            "Key": _head_key(campaign.id),
            "UpdateExpression": "ADD spent :usd",
            "ExpressionAttributeValues": {":usd": {"N": f"{usd:f}"}},
        }
        if usd > 0 and campaign.max_usd is not None:
            room = {":room": {"N": f"{Decimal(str(campaign.max_usd)) - usd:f}"}}
            spend["ConditionExpression"] = "spent <= :room"
            spend["ExpressionAttributeValues"] = {":usd": {"N": f"{usd:f}"}, **room}
        match self._refusal(change, spend):
            case None:
                return after
            case ["ConditionalCheckFailed", *_]:
                found = self.dynamodb.get_item(TableName=self.table, Key=change["Key"], ConsistentRead=True)
                return _read(found["Item"])
            case _:
                return None

    def _refusal(self, change: "UpdateTypeDef", spend: "UpdateTypeDef") -> list[str | None] | None:
        """Write both, and return the reasons, one for each, if a condition of theirs does not hold."""
        for left in reversed(range(_CONFLICTS)):
            try:
                self.dynamodb.transact_write_items(TransactItems=[{"Update": change}, {"Update": spend}])
            except self.dynamodb.exceptions.TransactionCanceledException as error:
                codes = [reason.get("Code") for reason in error.response["CancellationReasons"]]
                if "ConditionalCheckFailed" in codes:
                    return codes
                if "TransactionConflict" not in codes or not left:
                    raise
                time.sleep(_CONFLICT_SECONDS)
            else:
                break
        return None

    def _put(self, items: Sequence[dict[str, Any]]) -> None:
        left: Any = {self.table: [{"PutRequest": {"Item": item}} for item in items]}
        while left:
            left = self.dynamodb.batch_write_item(RequestItems=left).get("UnprocessedItems")

    def _query(self, prefix: str, *, newest_first: bool = False) -> Iterator[Any]:
        pages = self.dynamodb.get_paginator("query").paginate(
            TableName=self.table,
            KeyConditionExpression="job = :job AND begins_with(run, :prefix)",
            ExpressionAttributeValues={":job": {"S": PARTITION}, ":prefix": {"S": prefix}},
            ScanIndexForward=not newest_first,
            ConsistentRead=True,
        )
        return (item for page in pages for item in page["Items"])


def _head_key(id_: str) -> "Key":
    return {"job": {"S": PARTITION}, "run": {"S": f"{_HEAD}{id_}"}}


def _member_key(campaign: Campaign, member: Member) -> "Key":
    return {"job": {"S": PARTITION}, "run": {"S": f"{_MEMBER}{campaign.id}#{member.number:06}"}}


def _written(member: Member) -> dict[str, Any]:
    document = {"number": member.number, "job": member.job, "run": member.run, "name": member.name, "usd": member.usd}
    return {"member": {"S": json.dumps(document)}, "state": {"S": member.state}}


def _read(item: Any) -> Member:
    return Member(**json.loads(item["member"]["S"]), state=item["state"]["S"], why=item.get("why", {}).get("S"))
