"""What a new catalogue changes."""

from dataclasses import dataclass
from decimal import Decimal

from lambdas.specs.catalogue import Catalogue, InstanceType

# Smaller moves are not worth a line.
WORTH_TELLING = Decimal("0.01")
_PRICES = ("ec2_usd_per_hour", "emr_usd_per_hour", "spot_usd_per_hour")


@dataclass(frozen=True)
class Move:
    """A price that changed, in dollars per hour; ``None`` where there is no spot price."""

    type: str
    price: str
    before: Decimal | None
    after: Decimal | None


@dataclass(frozen=True)
class Changes:
    """Names of types, and the prices that moved by more than ``WORTH_TELLING``."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    moves: tuple[Move, ...]


def changes(old: Catalogue | None, new: Catalogue) -> Changes:
    """Compare two catalogues of a region."""
    before = {each.type: each for each in old.types} if old else {}
    after = {each.type: each for each in new.types}
    return Changes(
        added=tuple(name for name in after if name not in before),
        removed=tuple(name for name in before if name not in after),
        moves=tuple(move for name, each in after.items() if name in before for move in _moves(before[name], each)),
    )


def _moves(old: InstanceType, new: InstanceType) -> list[Move]:
    pairs = [Move(new.type, price, getattr(old, price), getattr(new, price)) for price in _PRICES]
    return [move for move in pairs if _is_worth_telling(move.before, move.after)]


def _is_worth_telling(before: Decimal | None, after: Decimal | None) -> bool:
    if before is None or after is None:
        return before != after
    return abs(after - before) > before * WORTH_TELLING
