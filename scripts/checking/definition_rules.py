"""All rules about definitions, this project's or anybody's."""

from scripts.checking.asl_rules import ASL_RULES
from scripts.checking.definition import Definition
from scripts.checking.definition_calls import CALL_RULES
from scripts.checking.definition_clusters import CLUSTER_RULES
from scripts.checking.definition_data import DATA_RULES
from scripts.checking.definition_errors import ERROR_RULES
from scripts.checking.definition_expressions import EXPRESSION_RULES
from scripts.checking.definition_flow import FLOW_RULES
from scripts.checking.definition_nodes import NODE_RULES
from scripts.checking.definition_ownership import OWNERSHIP_RULES
from scripts.checking.rules import Rule

DEFINITION_RULES: tuple[Rule[Definition], ...] = (
    *ASL_RULES,
    *FLOW_RULES,
    *OWNERSHIP_RULES,
    *DATA_RULES,
    *EXPRESSION_RULES,
    *ERROR_RULES,
    *CALL_RULES,
    *CLUSTER_RULES,
    *NODE_RULES,
)
