import datetime
from typing import TYPE_CHECKING, Any

import pytest

from lambdas.specs import Job
from lambdas.specs.load import load_job
from lambdas.starts.decide import MAX_LOOKS, QUIET_SECONDS, Later, Nothing, Start, decide
from lambdas.starts.message import StartMessage, StartMessageError, parse_message

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

JOB = load_job("pricing-summary")
TRIGGERS: list[dict[str, Any]] = [
    {"object_created": {"suffix": "_SUCCESS"}},
    {"object_created": {"suffix": ".csv", "input": "object"}},
    {"object_created": {"suffix": ".list", "input": "manifest"}},
    {"schedule": {"expression": "rate(1 hour)"}},
    {"event": {"source": ["my.app"]}},
]
FOLDER = "landing/tpch/day=1/"


@pytest.fixture
def job() -> Job:
    return Job.model_validate({**JOB.model_dump(by_alias=True, exclude={"triggers"}, mode="json"), **SPEC})


SPEC: dict[str, Any] = {
    "triggers": TRIGGERS,
    "steps": [{"name": "clean", "script": "clean.py", "timeout": "1h"}],
    "limits": {"max_nodes": 4},
}


def created(s3: "S3Client", key: str, trigger: int = 0, looks: int = 0) -> StartMessage:
    found = s3.head_object(Bucket="the-data", Key=key)
    thing = {"key": key, "size": found["ContentLength"], "etag": found["ETag"].strip('"')}
    event = {
        "source": "aws.s3",
        "detail-type": "Object Created",
        "detail": {"bucket": {"name": "the-data"}, "object": thing},
    }
    return StartMessage(job=JOB.name, trigger=trigger, event=event, looks=looks)


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def put(s3: "S3Client", key: str, body: bytes = b"1") -> None:
    s3.put_object(Bucket="the-data", Key=key, Body=body)


@pytest.fixture
def landed(deployment: "S3Client") -> "S3Client":
    put(deployment, f"{FOLDER}a.csv", b"1,2")
    put(deployment, f"{FOLDER}b.csv", b"3,4")
    put(deployment, f"{FOLDER}_SUCCESS", b"")
    return deployment


def started(message: StartMessage, job: Job, s3: "S3Client") -> Start:
    decided = decide(message, job, "the-data", s3, now())
    assert isinstance(decided, Start)
    return decided


def test_one_run_for_each_content_of_a_folder(landed: "S3Client", job: Job) -> None:
    marker = created(landed, f"{FOLDER}_SUCCESS")
    first = started(marker, job, landed)
    assert first.document["input"] == f"s3://the-data/{FOLDER}"
    assert first.name.startswith("pricing-summary-")
    assert started(marker, job, landed) == first, "announced twice"
    put(landed, f"{FOLDER}b.csv", b"3,4")
    assert started(marker, job, landed) == first, "the same content again"
    put(landed, f"{FOLDER}b.csv", b"3,5")
    other = started(marker, job, landed)
    assert other.name != first.name
    assert other.document["version"] != first.document["version"]


def test_the_same_content_elsewhere_is_another_run(landed: "S3Client", job: Job) -> None:
    for name in ("a.csv", "b.csv", "_SUCCESS"):
        body = landed.get_object(Bucket="the-data", Key=f"{FOLDER}{name}")["Body"].read()
        put(landed, f"landing/tpch/day=2/{name}", body)
    one = started(created(landed, f"{FOLDER}_SUCCESS"), job, landed)
    assert started(created(landed, "landing/tpch/day=2/_SUCCESS"), job, landed).name != one.name


def test_an_object_is_known_from_its_event(landed: "S3Client", job: Job) -> None:
    decided = started(created(landed, f"{FOLDER}a.csv", 1), job, landed)
    listed = started(
        StartMessage(job=JOB.name, changed={"input": f"s3://the-data/{FOLDER}a.csv", "version": "older"}), job, landed
    )
    assert decided == listed, "planning the run lists the object, and must come to the same version"


def test_what_a_manifest_lists(landed: "S3Client", job: Job) -> None:
    put(landed, "landing/tpch/day.list", f"s3://the-data/{FOLDER}a.csv".encode())
    decided = started(created(landed, "landing/tpch/day.list", 2), job, landed)
    assert decided.document["manifest"] == "s3://the-data/landing/tpch/day.list"
    put(landed, f"{FOLDER}a.csv", b"other")
    assert started(created(landed, "landing/tpch/day.list", 2), job, landed).name != decided.name


def test_a_marker_before_its_data_is_looked_at_again(deployment: "S3Client", job: Job) -> None:
    put(deployment, f"{FOLDER}_SUCCESS", b"")
    waits = [
        decide(created(deployment, f"{FOLDER}_SUCCESS", looks=looks), job, "the-data", deployment, now())
        for looks in range(MAX_LOOKS)
    ]
    assert [each.seconds for each in waits if isinstance(each, Later)] == [60, 120, 240, 480, 900, 900, 900]
    given_up = started(created(deployment, f"{FOLDER}_SUCCESS", looks=MAX_LOOKS), job, deployment)
    assert given_up.document == {"input": f"s3://the-data/{FOLDER}"}, "the run says that there is nothing"
    put(deployment, f"{FOLDER}a.csv")
    assert "version" in started(created(deployment, f"{FOLDER}_SUCCESS", looks=1), job, deployment).document


def test_data_that_comes_after_its_marker_is_waited_for(landed: "S3Client", job: Job) -> None:
    marker = created(landed, f"{FOLDER}_SUCCESS")
    newest = landed.head_object(Bucket="the-data", Key=f"{FOLDER}b.csv")["LastModified"]

    def decided(announced: datetime.timedelta, seconds: float, looks: int = 0) -> Start | Later | Nothing:
        event = {**(marker.event or {}), "time": (newest + announced).isoformat()}
        message = StartMessage(job=JOB.name, event=event, looks=looks)
        return decide(message, job, "the-data", landed, newest + datetime.timedelta(seconds=seconds))

    second = datetime.timedelta(seconds=1)
    assert isinstance(decided(second, 2), Start), "the marker was written last"
    assert isinstance(decided(-second, 2), Start), "as good as at once"
    late = -2 * second
    assert decided(late, 2) == Later(60)
    assert decided(late, 2, looks=3) == Later(480)
    settled = decided(late, QUIET_SECONDS + 1, looks=1)
    assert settled == decided(second, 2)
    assert decided(late, 2, looks=MAX_LOOKS) == settled, "it never stops"


def test_an_event_without_a_time_that_is_one(landed: "S3Client", job: Job) -> None:
    marker = created(landed, f"{FOLDER}_SUCCESS")
    message = StartMessage(job=JOB.name, event={**(marker.event or {}), "time": "today"})
    with pytest.raises(StartMessageError, match="such as 2026-"):
        decide(message, job, "the-data", landed, now())


def test_each_writing_of_what_cannot_be_read_says_so(deployment: "S3Client", job: Job) -> None:
    put(deployment, f"{FOLDER}_SUCCESS", b"")
    names = []
    for sequencer in ("1", "1", "2"):
        message = created(deployment, f"{FOLDER}_SUCCESS", looks=MAX_LOOKS)
        assert message.event is not None
        message.event["detail"]["object"]["sequencer"] = sequencer
        names.append(started(message, job, deployment).name)
    assert names[0] == names[1] != names[2]


def test_an_input_that_cannot_be_read_is_started_to_say_so(landed: "S3Client", job: Job) -> None:
    put(landed, "landing/tpch/day.list", b"no address")
    decided = started(created(landed, "landing/tpch/day.list", 2), job, landed)
    assert decided.document == {"manifest": "s3://the-data/landing/tpch/day.list"}
    assert started(created(landed, "landing/tpch/day.list", 2), job, landed) == decided


def test_a_schedule_and_an_event_start_one_run_for_each_occasion(deployment: "S3Client", job: Job) -> None:
    def scheduled(time: str) -> Start:
        return started(StartMessage(job=JOB.name, trigger=3, scheduled=time), job, deployment)

    assert scheduled("2026-11-26T03:00:00Z") == scheduled("2026-11-26T03:00:00Z")
    assert scheduled("2026-11-26T03:00:00Z").name != scheduled("2026-11-26T04:00:00Z").name
    assert scheduled("2026-11-26T03:00:00Z").document == {}
    event: dict[str, Any] = {
        "id": "1",
        "time": "2026-11-26T03:00:00Z",
        "source": "my.app",
        "detail-type": "done",
        "detail": {"a": 1},
    }
    again = {"id": "2", "replay-name": "again"}
    others: list[dict[str, Any]]
    others = [{}, again, {"time": "2026-11-26T03:00:01Z"}, {"resources": ["x"]}, {"detail": {"a": 2}}]
    messages = [StartMessage(job=JOB.name, trigger=4, event=event | other) for other in others]
    names = [started(each, job, deployment).name for each in messages]
    assert names[0] == names[1], "sent again from an archive, under whatever id"
    assert len(set(names)) == 4


@pytest.mark.parametrize(("trigger", "key"), [(0, f"{FOLDER}_SUCCESS"), (1, f"{FOLDER}a.csv"), (2, "landing/day.list")])
def test_what_is_sent_again_from_an_archive_starts_nothing_twice(
    trigger: int, key: str, landed: "S3Client", job: Job
) -> None:
    put(landed, "landing/day.list", f"s3://the-data/{FOLDER}a.csv".encode())
    message = created(landed, key, trigger)
    first = started(message, job, landed)
    assert message.event is not None
    again = message.model_copy(update={"event": message.event | {"id": "2", "replay-name": "again"}})
    assert started(again, job, landed) == first
    for name in ("a.csv", "b.csv"):
        landed.delete_object(Bucket="the-data", Key=f"{FOLDER}{name}")
    gone = decide(again, job, "the-data", landed, now())
    assert gone == first or isinstance(gone, Nothing)
    assert isinstance(decide(message, job, "the-data", landed, now()), Start if trigger == 1 else Later)


@pytest.mark.parametrize(
    ("message", "says"),
    [
        (StartMessage(job="pricing-summary", trigger=9, event={}), "5 triggers, and the message is of triggers\\[9\\]"),
        (StartMessage(job="pricing-summary", trigger=3), "neither an event nor a time"),
        (StartMessage(job="pricing-summary", trigger=0), "without its event"),
    ],
)
def test_a_message_nobody_sends(message: StartMessage, says: str, deployment: "S3Client", job: Job) -> None:
    with pytest.raises(StartMessageError, match=says):
        decide(message, job, "the-data", deployment, now())


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"job": "x", "other": 1}', '{"job": 1}'])
def test_no_message(text: str) -> None:
    with pytest.raises(StartMessageError, match="no message that starts a job"):
        parse_message(text)
