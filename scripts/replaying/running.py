"""How many of a campaign's runs are going: the ledger says so, for hardly anything."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scripts.replaying.campaign import Member

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import KeysAndAttributesTypeDef

# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
_BATCH = 100

# An entry may stay open because an event was lost, or be missing as long as the run waits for a slot: so every so many
# looks at the ledger Step Functions is asked.
_ASK_EVERY = 20


@dataclass
class Running:
    """Runs that are going.

    Attributes
    ----------
    dynamodb, table
        The client and the run table.
    is_over
        Asks Step Functions whether a member's execution has ended.
    """

    dynamodb: "DynamoDBClient"
    table: str
    is_over: Callable[[Member], bool]
    _over: set[int] = field(default_factory=set)
    _looks: int = 0

    def count(self, started: Sequence[Member]) -> int:
        """Return how many of the runs started are not over; what has ended once is not asked for again."""
        going = [member for member in started if member.number not in self._over]
        for some in _batches(going):
            self._over |= self._ended(some)
        self._looks += 1
        if self._looks % _ASK_EVERY == 0:
            self._over |= {each.number for each in going if each.number not in self._over and self.is_over(each)}
        return sum(member.number not in self._over for member in going)

    def _ended(self, members: Sequence[Member]) -> set[int]:
        wanted: KeysAndAttributesTypeDef = {
            "Keys": [{"job": {"S": each.job}, "run": {"S": each.name}} for each in members],
            "ProjectionExpression": "job, run, #status",
            "ExpressionAttributeNames": {"#status": "status"},
        }
        answer = self.dynamodb.batch_get_item(RequestItems={self.table: wanted})
        # What DynamoDB did not get to counts as going until the next look.
        statuses = {
            (item["job"]["S"], item["run"]["S"]): item.get("status", {}).get("S", "RUNNING")
            for item in answer["Responses"].get(self.table, [])
        }
        return {each.number for each in members if statuses.get((each.job, each.name), "RUNNING") != "RUNNING"}


def _batches(members: Sequence[Member]) -> list[Sequence[Member]]:
    return [members[start : start + _BATCH] for start in range(0, len(members), _BATCH)]
