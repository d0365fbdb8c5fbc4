"""The catalogue: whole, and described as it is."""

import re
from collections import Counter
from pathlib import Path

from scripts.checking.catalogue import CATALOGUE, RULES
from scripts.checking.exits import STATUS
from scripts.checking.formats.page import PAGE, page
from scripts.checking.rules import SEVERITIES

HERE = Path(__file__).parent


def test_every_rule_says_why_and_what_to_do_and_where_to_read_on() -> None:
    for rule in RULES:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.id)
        assert rule.severity in SEVERITIES
        assert rule.why.endswith("."), rule.id
        assert rule.fix.endswith("."), rule.id
        assert rule.link.startswith("https://"), rule.id


def test_ids_are_unique_and_there_are_many() -> None:
    assert Counter(rule.id for rule in RULES).most_common(1)[0][1] == 1
    assert len(RULES) >= 40
    assert sum(len(rules) for _, rules in CATALOGUE) == len(RULES)


def test_every_rule_is_named_by_a_test() -> None:
    text = "".join(path.read_text() for path in HERE.glob("*.py"))
    assert [rule.id for rule in RULES if f'"{rule.id}"' not in text] == []


def test_statuses_are_distinct_and_leave_that_of_usage_errors() -> None:
    assert len({*STATUS.values(), 2}) == 4


def test_the_page_is_current() -> None:
    assert PAGE.read_text() == page(), "run: python -m scripts.checking.formats.page"
