from pathlib import Path

from scripts.local.emr.clock import VirtualClock
from scripts.local.journal import Journal, read


def test_entries_come_back_in_order_with_the_engines_time(tmp_path: Path) -> None:
    clock = VirtualClock(1_000.0)
    journal = Journal(tmp_path / "journal", clock)
    journal.write({"detail": {"state": "STARTING"}})
    clock.sleep(240)
    journal.write({"detail": {"state": "ä"}})
    first, second = read(tmp_path / "journal")
    assert (first.event["detail"]["state"], first.simulated) == ("STARTING", 1_000.0)
    assert (second.event["detail"]["state"], second.simulated) == ("ä", 1_240.0)
    assert first.real <= second.real
