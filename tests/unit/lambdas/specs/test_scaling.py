"""Scaling specs: what is shipped, and what is refused with the line it stands on."""

import shutil
from pathlib import Path

import pytest

from lambdas.specs import SPECS, CustomScaling, ManagedScaling, UnknownSpecError, load_job, load_scaling
from lambdas.specs.load import scaling_names
from tests.unit.lambdas.specs.mistakes import change, findings

POLICY = "scaling/yarn-memory.yml"
CALM = "scaling/calm.yml"
JOB = "jobs/count/job.yml"
OUT = "{name: out-of-memory, when: YARNMemoryAvailablePercentage < 15, for: 5m, add: 5, cooldown: 5m}"
BACK = "{name: memory-to-spare, when: YARNMemoryAvailablePercentage > 75, for: 3m, remove: 3, cooldown: 5m}"
GROUP = "{name: task, types: [r5.2xlarge, r5.4xlarge], min: 0, max: 20}"


@pytest.fixture
def scaled(specs: Path) -> Path:
    """The specs with a job that the shipped policy scales."""
    shutil.copytree(SPECS / "scaling", specs / "scaling")
    change(specs / JOB, "cluster: spark", "cluster: elastic\nscaling: yarn-memory")
    return specs


def test_every_shipped_spec_loads() -> None:
    assert {name: type(load_scaling(name)) for name in scaling_names()} == {
        "calm": ManagedScaling,
        "yarn-memory": CustomScaling,
    }


def test_the_policy_as_it_was_asked_for() -> None:
    policy = load_scaling("yarn-memory")
    assert isinstance(policy, CustomScaling)
    minimum = policy.minimum
    assert (minimum.primary.type, minimum.primary.count) == ("m5.xlarge", 1)
    assert (minimum.core.type, minimum.core.count) == ("r5.xlarge", 2)
    assert [group.types for group in policy.task_groups] == [("r5.2xlarge", "r5.4xlarge")]
    assert [(str(rule.when), rule.held, rule.change) for rule in policy.rules] == [
        ("YARNMemoryAvailablePercentage < 15", 300, 5),
        ("YARNMemoryAvailablePercentage > 75", 180, -3),
    ]


def test_a_job_that_says_nothing_is_scaled_by_emr(specs: Path) -> None:
    assert load_job("count", specs).scaling == "managed"
    managed = load_scaling("managed", specs)
    assert isinstance(managed, ManagedScaling)
    assert not managed.managed.model_dump(exclude_none=True)


def test_a_job_scaled_by_the_policy(scaled: Path) -> None:
    assert load_job("count", scaled).scaling == "yarn-memory"


def test_an_unknown_name_is_refused(scaled: Path) -> None:
    with pytest.raises(UnknownSpecError, match="known: calm, managed, yarn-memory"):
        load_scaling("yarn", scaled)
    with pytest.raises(UnknownSpecError):
        load_scaling("../clusters/spark", scaled)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("name: yarn-memory", "name: other", 1, "name: expected the name of its file, 'yarn-memory'"),
        ("rules:", "managed: {maximum: 9}\nrules:", 12, "either 'managed' or 'rules'"),
        (f"  - {OUT}\n", "", 12, "rules: expected at least one rule that adds nodes"),
        (f"  - {BACK}\n", "", 12, "rules: expected at least one rule that removes nodes"),
        (
            "> 75",
            "< 75",
            14,
            "rules[1].when: expected YARNMemoryAvailablePercentage > ..., which is so when there is less",
        ),
        (
            "< 15",
            ">= 15",
            13,
            "rules[0].when: expected YARNMemoryAvailablePercentage < ..., which is so when there is more",
        ),
        ("> 75", "> 15", 14, "rules[1].when: expected a threshold above 15, at which 'out-of-memory' adds nodes"),
        ("> 75", "> 10", 14, "rules[1].when: expected a threshold above 15, at which 'out-of-memory' adds nodes"),
        (
            "YARNMemoryAvailablePercentage < 15",
            "YarnMemory < 15",
            13,
            "rules[0].when: expected a metric that EMR publishes",
        ),
        ("YARNMemoryAvailablePercentage < 15", "lots", 13, "rules[0].when: expected a condition such as"),
        ("add: 5", "add: 5, remove: 5", 13, "rules[0]: expected either 'add' or 'remove'"),
        ("add: 5", "add: 0", 13, "rules[0].add: expected a number of at least 1"),
        ("for: 5m", "for: 5", 13, "rules[0].for: expected a duration with its unit"),
        ("name: memory-to-spare", "name: out-of-memory", 14, "rules[1].name: expected a name no other rule has"),
        (GROUP, f"{GROUP}\n  - {GROUP}", 10, "task_groups[1].name: expected a name no other task group has"),
        (
            "min: 0, max: 20",
            "min: 9, max: 8",
            9,
            "task_groups[0]: expected a min of at most max; min is 9 and max is 8",
        ),
        ("count: 1", "count: 2", 6, "minimum.primary.count: expected 1 primary node, or 3 for high availability"),
        (
            "r5.4xlarge",
            "r5.5xlarge",
            9,
            "task_groups[0].types[1]: expected a type in emr_specs/instances/us-east-1.json",
        ),
        ("r5.4xlarge", "r5.2xlarge", 9, "task_groups[0].types[1]: expected a type once"),
        (
            "r5.4xlarge",
            "r6g.4xlarge",
            9,
            "task_groups[0].types[1]: expected types of one architecture; m5.xlarge is x86_64",
        ),
    ],
)
def test_mistakes_in_a_policy(scaled: Path, old: str, new: str, line: int, words: str) -> None:
    change(scaled / POLICY, old, new)
    found = findings(lambda: load_scaling("yarn-memory", scaled))
    assert any(each.startswith(f"emr_specs/{POLICY}:{line}: ") and words in each for each in found), found


def test_a_metric_that_rises_with_more_to_do_the_other_way_round(scaled: Path) -> None:
    change(scaled / POLICY, "YARNMemoryAvailablePercentage < 15", "ContainerPendingRatio > 0.75")
    load_scaling("yarn-memory", scaled)
    change(scaled / POLICY, "YARNMemoryAvailablePercentage > 75", "ContainerPendingRatio < 0.8")
    (found,) = findings(lambda: load_scaling("yarn-memory", scaled))
    assert "expected a threshold below 0.75, at which 'out-of-memory' adds nodes" in found


def test_more_task_groups_than_emr_has(scaled: Path) -> None:
    groups = [GROUP.replace("task", f"task-{number}") for number in range(49)]
    change(scaled / POLICY, f"  - {GROUP}", "\n".join(f"  - {group}" for group in groups))
    (found,) = findings(lambda: load_scaling("yarn-memory", scaled))
    assert "task_groups: expected at most 48 task groups" in found


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("minimum: 2", "minimum: 41", "expected a minimum of at most maximum; minimum is 41 and maximum is 40"),
        ("core_maximum: 2", "core_maximum: 41", "expected core_maximum of at most maximum"),
        ("on_demand_maximum: 2", "on_demand_maximum: 41", "expected on_demand_maximum of at most maximum"),
        ("on_demand_maximum: 2", "on_demand_maximum: 1", "because core nodes are on demand"),
        ("index: 75", "index: 60", "expected one of 1, 25, 50, 75, 100; found 60"),
        ("strategy: advanced", "strategy: default", "expected strategy: advanced and utilization_performance_index"),
        ("strategy: advanced", "strategy: fast", "managed.strategy: expected default or advanced"),
    ],
)
def test_mistakes_in_managed_scaling(scaled: Path, old: str, new: str, words: str) -> None:
    change(scaled / CALM, old, new)
    found = findings(lambda: load_scaling("calm", scaled))
    assert any(each.startswith(f"emr_specs/{CALM}:") and words in each for each in found), found


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "scaling: yarn-memory",
            "scaling: yarn",
            "scaling: expected managed or a spec of emr_specs/scaling (managed, calm",
        ),
        ("cluster: elastic", "cluster: spark", "expected scaling: managed, or a cluster spec with capacity: groups"),
        ("cluster: elastic", "cluster: spark", "'m5.xlarge' in 'yarn-memory', which is x86_64"),
        (
            "max_nodes: 10",
            "max_nodes: 2",
            "limits.max_nodes: expected at least 3, the smallest cluster of 'yarn-memory'",
        ),
        ("scaling: yarn-memory", "scaling: [a]", "scaling: expected text"),
    ],
)
def test_mistakes_in_the_job(scaled: Path, old: str, new: str, words: str) -> None:
    change(scaled / JOB, old, new)
    found = findings(lambda: load_job("count", scaled))
    assert any(each.startswith(f"emr_specs/{JOB}:") and words in each for each in found), found


def test_a_managed_minimum_above_the_jobs_limit(scaled: Path) -> None:
    change(scaled / JOB, "scaling: yarn-memory", "scaling: calm")
    load_job("count", scaled)
    change(scaled / JOB, "max_nodes: 10", "max_nodes: 2")
    (found,) = findings(lambda: load_job("count", scaled))
    assert "limits.max_nodes: expected at least 3: a primary node and the minimum of 'calm'" in found


def test_a_type_that_the_release_does_not_support(scaled: Path) -> None:
    change(scaled / POLICY, "[r5.2xlarge, r5.4xlarge]", "[r6i.2xlarge]")
    change(scaled / "clusters/elastic.yml", "release: emr-7.14.0", "release: emr-6.4.0")
    (found,) = findings(lambda: load_job("count", scaled))
    assert "expected types that emr-6.4.0 supports; found 'r6i.2xlarge' in 'yarn-memory', which needs emr-" in found
