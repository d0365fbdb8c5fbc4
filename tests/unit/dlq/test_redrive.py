"""Sending again loses nothing, whichever call fails."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from hypothesis import given
from hypothesis import strategies as st

from scripts.dlq import queue
from scripts.dlq.queue import oldest_first, taken
from scripts.dlq.redrive import Outcome, Post, drop, redrive
from tests.unit.dlq.support import ENDED, REAP_ARN, START, failed_function

REJECTED, STARTS = "rejected", "starts"

# How a call ends: as it should, refused before anything happened, or done although no answer arrived.
ENDINGS = st.sampled_from(["done", "refused", "unanswered"])


class Servers:
    """A queue and a function as two of AWS's, whose calls end as they are told; then as they should."""

    def __init__(self, bodies: list[str], endings: list[str]) -> None:
        self.stored = {f"m-{number}": body for number, body in enumerate(bodies)}
        self.hidden: set[str] = set()
        self.arrived: list[str] = []
        self.endings = iter(endings)

    def _end(self, act: Callable[[], None]) -> None:
        ending = next(self.endings, "done")
        if ending == "refused":
            raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "slower"}}, "Call")
        act()
        if ending == "unanswered":
            raise EndpointConnectionError(endpoint_url="x")

    def receive_message(self, *, MaxNumberOfMessages: int, **_: object) -> dict[str, Any]:  # noqa: N803
        seen = [name for name in self.stored if name not in self.hidden][:MaxNumberOfMessages]
        self._end(lambda: self.hidden.update(seen))
        attributes = {"SentTimestamp": "1000"}
        messages = [
            {"MessageId": name, "ReceiptHandle": name, "Body": self.stored[name], "Attributes": attributes}
            for name in seen
        ]
        return {"Messages": messages} if messages else {}

    def change_message_visibility(self, *, ReceiptHandle: str, **_: object) -> None:  # noqa: N803
        self._end(lambda: self.hidden.discard(ReceiptHandle))

    def delete_message(self, *, QueueUrl: str, ReceiptHandle: str) -> None:  # noqa: N803
        assert QueueUrl == REJECTED
        self._end(lambda: self._remove(ReceiptHandle))

    def _remove(self, name: str) -> None:
        self.stored.pop(name, None)

    def send_message(self, *, QueueUrl: str, MessageBody: str) -> None:  # noqa: N803
        assert QueueUrl == STARTS
        self._end(lambda: self.arrived.append(MessageBody))

    def invoke(self, *, FunctionName: str, InvocationType: str, Payload: bytes) -> None:  # noqa: N803
        assert (FunctionName, InvocationType) == ("slow-lambda-dev-reap-clusters", "Event")
        self._end(lambda: self.arrived.append(Payload.decode()))

    @property
    def post(self) -> Post:
        return Post(cast("Any", self), cast("Any", self), STARTS, REJECTED)


def bodies(kinds: list[str]) -> tuple[list[str], list[str | None]]:
    """Return messages, and what each is when it arrives."""
    made: list[tuple[str, str | None]] = []
    for number, kind in enumerate(kinds):
        start, event = json.dumps({**START, "looks": number}), {**ENDED, "number": number}
        if kind == "start":
            made.append((start, start))
        elif kind == "function":
            made.append((failed_function(REAP_ARN, event), json.dumps(event)))
        else:
            made.append((f"hello {number}", None))
    return [body for body, _ in made], [sent for _, sent in made]


@given(st.lists(st.sampled_from(["start", "function", "other"]), max_size=23), st.lists(ENDINGS, max_size=60))
def test_whatever_fails_an_event_is_in_the_queue_or_has_arrived(kinds: list[str], endings: list[str]) -> None:
    held, meant = bodies(kinds)
    servers = Servers(held, endings)
    outcomes: list[Outcome] = []
    with suppress(ClientError, EndpointConnectionError), taken(cast("Any", servers), REJECTED, "dev") as letters:
        for letter in oldest_first(letters.values()):
            outcomes.append(redrive(letter, servers.post))
            if outcomes[-1].gone:
                del letters[letter.id]
    for body, sent in zip(held, meant, strict=True):
        assert body in servers.stored.values() or (sent is not None and sent in servers.arrived)
    for outcome in outcomes:
        assert outcome.gone <= outcome.sent
        assert not (outcome.gone and outcome.letter.id in servers.stored)
        assert (outcome.problem is None) == outcome.gone


@given(st.lists(st.sampled_from(["start", "function"]), max_size=23))
def test_without_failures_each_is_sent_once_and_none_stays(kinds: list[str]) -> None:
    held, meant = bodies(kinds)
    servers = Servers(held, [])
    with taken(cast("Any", servers), REJECTED, "dev") as letters:
        for letter in list(letters.values()):
            assert redrive(letter, servers.post).gone
    assert sorted(servers.arrived) == sorted(sent or "" for sent in meant)
    assert not servers.stored


def test_what_was_only_looked_at_is_seen_again_at_once() -> None:
    servers = Servers(bodies(["start"] * 12)[0], [])
    with taken(cast("Any", servers), REJECTED, "dev") as letters:
        assert len(letters) == 12
        assert len(servers.hidden) == 12
    assert not servers.hidden


def test_a_queue_that_shows_the_same_again_does_not_keep_the_reader() -> None:
    servers = Servers(bodies(["start"])[0], [])
    servers.hidden = cast("Any", frozenset())
    servers._end = lambda act: None  # type: ignore[method-assign]
    with taken(cast("Any", servers), REJECTED, "dev") as letters:
        assert list(letters) == ["m-0"]


def test_a_dropped_event_is_gone_or_said_not_to_be() -> None:
    servers = Servers(bodies(["start", "other"])[0], ["done", "done", "refused"])
    with taken(cast("Any", servers), REJECTED, "dev") as letters:
        first, second = (drop(letter, servers.post) for letter in list(letters.values()))
    assert (first.gone, second.gone) == (False, True)
    assert "still in the queue" in (first.problem or "")
    assert list(servers.stored) == ["m-0"]
    assert not servers.arrived


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "WAIT_SECONDS", 0)
