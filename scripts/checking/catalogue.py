"""All rules of ``slow-lambda check``, by what they look at."""

from typing import Any

from scripts.checking.definition_rules import DEFINITION_RULES
from scripts.checking.emr_cluster import CLUSTER_RULES
from scripts.checking.emr_configurations import CONFIGURATION_RULES
from scripts.checking.emr_scaling import SCALING_RULES
from scripts.checking.job_limits import LIMIT_RULES
from scripts.checking.job_outputs import OUTPUT_RULES
from scripts.checking.job_schedules import SCHEDULE_RULES
from scripts.checking.job_scripts import SCRIPT_RULES
from scripts.checking.job_steps import STEP_RULES
from scripts.checking.job_triggers import TRIGGER_RULES
from scripts.checking.rules import Rule
from scripts.checking.spec_rules import SPEC_RULES
from scripts.checking.specs import Specs
from scripts.checking.template_rules import TEMPLATE_RULES

RULES_OF_SPECS: tuple[Rule[Specs], ...] = (
    *SPEC_RULES,
    *CLUSTER_RULES,
    *CONFIGURATION_RULES,
    *SCALING_RULES,
    *LIMIT_RULES,
    *STEP_RULES,
    *OUTPUT_RULES,
    *SCRIPT_RULES,
    *TRIGGER_RULES,
    *SCHEDULE_RULES,
)

CATALOGUE: tuple[tuple[str, tuple[Rule[Any], ...]], ...] = (
    ("specs as such", SPEC_RULES),
    ("clusters", CLUSTER_RULES),
    ("configurations", CONFIGURATION_RULES),
    ("scaling", SCALING_RULES),
    ("timeouts, deadlines and budgets", LIMIT_RULES),
    ("steps", STEP_RULES),
    ("outputs of steps", OUTPUT_RULES),
    ("scripts", SCRIPT_RULES),
    ("objects that start jobs", TRIGGER_RULES),
    ("schedules and events that start jobs", SCHEDULE_RULES),
    ("definitions of state machines", DEFINITION_RULES),
    ("CloudFormation templates", TEMPLATE_RULES),
)

RULES: tuple[Rule[Any], ...] = tuple(rule for _, rules in CATALOGUE for rule in rules)
