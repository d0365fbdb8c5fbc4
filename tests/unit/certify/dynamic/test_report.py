"""The certificate as JSON and in words."""

import io

from rich.console import Console

from scripts.certify.dynamic.certify import DynamicReport, NetUse
from scripts.certify.dynamic.verdict import Problem
from scripts.certify.report import Certificate, print_certificate
from scripts.certify.static import StaticReport

STATIC = StaticReport((), (), (), ("Create cluster",), ("Terminate cluster",))
SOUND = DynamicReport("one", 300, (), {"machine": NetUse(200, 1.5, 0.01), "sweep": NetUse(9, 16.0, 0.1)}, ())
SURVIVOR = Problem("survivor", "success/create-cluster/stopped-during", "j-1", "still alive 360 minutes later")
LEAKING = DynamicReport("two", 10, (SURVIVOR,), {"machine": NetUse(3, 2.5, 0.005)}, ("Reject run",))


def test_two_jobs_are_added_up() -> None:
    document = Certificate({"one": STATIC, "two": STATIC}, {"one": SOUND, "two": LEAKING}, 12.34).as_document()
    assert document["passed"] is False
    assert document["cases"] == 310
    assert document["seconds"] == 12.3
    assert document["nets"] == {
        "machine": {"cases": 203, "worst_minutes": 2.5, "worst_usd": 0.01},
        "sweep": {"cases": 9, "worst_minutes": 16.0, "worst_usd": 0.1},
    }
    (survivor,) = document["survivors"]
    assert survivor == {"job": "two", "case": SURVIVOR.case, "cluster": "j-1", "why": SURVIVOR.why}
    assert document["late"] == document["outcomes"] == document["untagged"] == []
    assert document["jobs"]["one"]["cases"] == 300
    assert document["jobs"]["two"]["unvisited_states"] == ["Reject run"]
    assert document["static"]["one"]["passed"] is True


def test_a_problem_is_printed_with_the_command_that_repeats_it() -> None:
    text = io.StringIO()
    console = Console(file=text, width=200)
    print_certificate(console, Certificate({"two": STATIC}, {"two": LEAKING}, 1.0))
    assert "slow-lambda certify --job two --case success/create-cluster/stopped-during\n" in text.getvalue()
    assert "not certified" in text.getvalue()


def test_a_sound_certificate_says_so() -> None:
    text = io.StringIO()
    print_certificate(Console(file=text, width=200), Certificate({"one": STATIC}, {"one": SOUND}, 1.0))
    assert "300 cases in 1 s: no cluster survives" in text.getvalue()
