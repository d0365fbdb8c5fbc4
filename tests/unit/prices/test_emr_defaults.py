import pytest

from lambdas.specs import load_catalogue
from scripts.prices.emr_defaults import default_ebs_gib, yarn_memory_mib

# Rows of https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-hadoop-task-config.html
TABLE = [
    ("m5", 16, 12288),
    ("m5", 384, 385024),
    ("m5", 192, 188416),
    ("r5", 32, 24576),
    ("r5", 768, 778240),
    ("c5", 8, 6144),
    ("c5", 72, 65536),
    ("c5", 96, 90112),
    ("i3", 30.5, 23424),
    ("i3", 488, 491520),
    ("m6g", 16, 11712),
    ("m6g", 64, 54272),
    ("m6g", 256, 241664),
    ("r6g", 384, 366592),
    ("r6g", 512, 491520),
    ("c6g", 8, 5632),
    ("c6g", 96, 85504),
    ("c6g", 128, 116736),
]


@pytest.mark.parametrize(("family", "memory_gib", "yarn"), TABLE)
def test_the_rule_meets_the_table(family: str, memory_gib: float, yarn: int) -> None:
    assert yarn_memory_mib(family, memory_gib) == yarn


def test_volumes() -> None:
    assert [default_ebs_gib(vcpu, 0) for vcpu in (4, 8, 16, 32, 96)] == [64, 128, 256, 512, 1536]
    assert default_ebs_gib(4, 139) == 0


def test_the_catalogue_keeps_to_the_rules() -> None:
    for known in load_catalogue("us-east-1").types:
        assert known.yarn_memory_mib == yarn_memory_mib(known.family, known.memory_gib)
        assert known.ebs_gib == default_ebs_gib(known.vcpu, known.instance_store_gib)
