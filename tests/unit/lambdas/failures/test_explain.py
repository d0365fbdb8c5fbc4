from hypothesis import example, given
from hypothesis import strategies as st

from lambdas.failures.classes import FailureClass
from lambdas.failures.explain import (
    LOG_LINES,
    MAX_CAUSE_BYTES,
    MAX_ERROR_CHARACTERS,
    Explanation,
    explain,
    explanation,
)

RUN = "run-1"
REPLAY = f"To run it again: slow-lambda replay {RUN}"
# AWS's own example: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html
KEY_ID = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
BARE = "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8S9t0"
# Each of the long ones is more than a cause may hold, in bytes.
TEXTS = st.text() | st.sampled_from(["x" * 33_000, "日本" * 6_000, "\n" * 33_000, "🙂\n" * 7_000, "\ud7ff" * 9])
CLASSES = st.sampled_from(FailureClass)


def said(failure: FailureClass, log: str = "") -> Explanation:
    return explain(failure, "step 'clean'.", log_tail=log, run=RUN)


@given(CLASSES, TEXTS, st.lists(TEXTS, max_size=3), TEXTS, st.lists(TEXTS, max_size=3))
@example(FailureClass.UNKNOWN, "日" * 40_000, ["é" * 40_000], "x" * 40_000, ["🙂" * 20_000])
def test_any_log_gives_a_cause_within_the_limits(
    failure: FailureClass, where: str, evidence: list[str], log: str, notes: list[str]
) -> None:
    found = explain(failure, where, evidence=evidence, log_tail=log, log_address="s3://l/x", notes=notes, run=RUN)
    assert len(found.cause.encode()) <= MAX_CAUSE_BYTES == 32_768
    assert found.error == failure.error
    assert found.cause.endswith(f"\n{REPLAY}")
    assert "\n\n" in found.cause


@given(TEXTS, TEXTS, st.text(max_size=2_000))
def test_what_to_do_is_never_cut_off(error: str, text: str, closing: str) -> None:
    found = explanation(error, text, closing)
    assert len(found.error) <= MAX_ERROR_CHARACTERS == 256
    assert len(found.cause.encode()) <= MAX_CAUSE_BYTES
    assert found.cause.endswith(f"\n\n{closing}")


@given(st.integers(11_000, 15_000))
def test_as_much_is_kept_as_there_is_room(characters: int) -> None:
    found = explanation("Unknown", "日" * characters, "closing")
    assert len(found.cause.encode()) > MAX_CAUSE_BYTES - len("日".encode())


@given(CLASSES)
def test_every_class_says_what_happened_and_what_to_do(failure: FailureClass) -> None:
    lines = said(failure).cause.split("\n")
    assert lines[0].endswith(": step 'clean'.")
    assert len(lines[0].split(":")[0]) > 10
    assert lines[1] == ""
    assert lines[2].endswith(".")
    assert lines[3] == REPLAY


def test_every_class_has_words_of_its_own() -> None:
    causes = {said(failure).cause for failure in FailureClass}
    assert len(causes) == len(FailureClass)
    assert len({said(failure).error for failure in FailureClass}) == len(FailureClass)


def test_names_are_those_of_the_fail_state() -> None:
    assert said(FailureClass.EXECUTOR_OUT_OF_MEMORY).error == "ExecutorOutOfMemory"
    assert said(FailureClass.S3_DENIED).error == "S3Denied"


def test_the_whole_text() -> None:
    log = "".join(f"line {number}  \n\n" for number in range(40))
    found = explain(
        FailureClass.APPLICATION_ERROR,
        "step 'clean', cluster j-1.",
        evidence=["ValueError: bad row"],
        log_tail=log,
        log_address="s3://logs/stderr.gz",
        notes=["Attempt 1: capacity shortage."],
        run=RUN,
    )
    assert found.cause.split("\n") == [
        "The job's own code failed: step 'clean', cluster j-1.",
        "Attempt 1: capacity shortage.",
        "",
        "Why:",
        "  ValueError: bad row",
        "",
        "The end of the log:",
        *(f"  line {number}" for number in range(40 - LOG_LINES, 40)),
        "",
        "Full log: s3://logs/stderr.gz",
        "",
        "Correct the job's code or its input, deploy, and start the run again.",
        REPLAY,
    ]


def test_long_lines_of_a_log_do_not_push_out_the_others() -> None:
    cause = said(FailureClass.UNKNOWN, "first\n" + "x" * 60_000 + "\nlast\n").cause
    assert "  first\n" in cause
    assert "  last\n" in cause


def test_secrets_are_masked_wherever_they_stand() -> None:
    secret = f"aws_secret_access_key={SECRET}"
    found = explain(
        FailureClass.S3_DENIED,
        f"step {KEY_ID}",
        evidence=[secret],
        log_tail=f"{secret}\n{KEY_ID}",
        notes=[secret],
        run=RUN,
    )
    assert KEY_ID not in found.cause
    assert SECRET not in found.cause
    assert found.cause.count("***") == 5


@given(st.integers(0, len(BARE)), st.sampled_from([f" {BARE}", f" aws_secret_access_key={SECRET}"]))
def test_half_a_secret_at_a_cut_line_is_no_secret_told(cut: int, words: str) -> None:
    """A line of the log is shown to its 300th character, wherever a key stands in it."""
    secret = words[-40:]
    cause = said(FailureClass.UNKNOWN, "x" * (340 - cut - len(words)) + f"{words} and more").cause
    assert not any(secret[start : start + 8] in cause for start in range(len(secret) - 8))


def test_a_key_that_began_above_the_lines_shown_is_masked() -> None:
    body = "\n".join(f"{number:02}{'Ab+/' * 15}" for number in range(30))
    log = f"-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----\ndone\n"
    cause = said(FailureClass.UNKNOWN, log).cause
    assert "Ab+/" not in cause
    assert "  done\n" in cause
