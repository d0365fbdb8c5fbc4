"""The rules about specs as such: whether they can be read, are used, and are up to date."""

from collections.abc import Iterator

from scripts.checking.rules import Place, Rule
from scripts.checking.specs import Specs

# On-demand prices seldom change, spot prices within months.
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/how-spot-instances-work.html
MAX_PRICE_AGE_DAYS = 365


def _mistakes(specs: Specs) -> Iterator[tuple[Place, str]]:
    for each in specs.mistakes:
        key = f"{each.key}: " if each.key else ""
        yield Place(each.file, each.line), f"{key}expected {each.expected}; found {each.found}"


def _unused_clusters(specs: Specs) -> Iterator[tuple[Place, str]]:
    used = {job.cluster for job in specs.jobs.values()}
    for name in specs.clusters:
        if name not in used:
            yield specs.of_cluster(name, "name"), f"no job runs on {name!r}"


def _unused_scalings(specs: Specs) -> Iterator[tuple[Place, str]]:
    used = {job.scaling for job in specs.jobs.values()}
    for name in specs.scalings:
        if name not in used:
            yield specs.of_scaling(name, "name"), f"no job is scaled by {name!r}"


def _old_prices(specs: Specs) -> Iterator[tuple[Place, str]]:
    for region, catalogue in specs.catalogues.items():
        age = (specs.today - catalogue.prices_as_of).days
        if age > MAX_PRICE_AGE_DAYS:
            yield specs.of_catalogue(region), f"the prices of {region} are of {catalogue.prices_as_of}, {age} days old"


SPEC_RULES = (
    Rule(
        id="spec-invalid",
        severity="error",
        why="A spec that cannot be read keeps its jobs from being rendered and deployed.",
        fix="Write what is expected there.",
        link="https://docs.aws.amazon.com/emr/latest/APIReference/API_RunJobFlow.html",
        find=_mistakes,
    ),
    Rule(
        id="cluster-spec-unused",
        severity="note",
        why="A cluster spec that no job names is deployed with every job and looked after by nobody.",
        fix="Remove it, unless a job is about to use it.",
        link="https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan.html",
        find=_unused_clusters,
    ),
    Rule(
        id="scaling-spec-unused",
        severity="note",
        why="A scaling spec that no job names is checked against the types of no cluster.",
        fix="Remove it, unless a job is about to use it.",
        link="https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-scale-on-demand.html",
        find=_unused_scalings,
    ),
    Rule(
        id="prices-old",
        severity="warning",
        why="The size of a run is chosen by its price, and budgets are kept by it.",
        fix="Run 'slow-lambda prices refresh' and look at what changed.",
        link="https://aws.amazon.com/emr/pricing/",
        find=_old_prices,
    ),
)
