"""The catalogue as a page of the documentation: ``python -m scripts.checking.formats.page`` writes docs/checks.md."""

from scripts.checking.catalogue import CATALOGUE, RULES
from scripts.checking.exits import STATUS
from scripts.checking.rules import SEVERITIES
from scripts.rendering.paths import ROOT

PAGE = ROOT / "docs" / "checks.md"

_INTRODUCTION = f"""# What `slow-lambda check` finds

Written by `python -m scripts.checking.formats.page` from the rules themselves; {len(RULES)} rules.

`slow-lambda check` looks at the specs, the definitions rendered from them and the template they are deployed by;
`slow-lambda check definition.asl.json` at anybody's state machine that creates EMR clusters, or at a template.
`--format` is `text`, `json` or `sarif` (for code scanning); `--rules` lists this catalogue.

| severity | means | exit status when nothing worse is found |
|---|---|---|
| error | cannot work, or loses data or clusters | {STATUS["error"]} |
| warning | is likely not meant | {STATUS["warning"]} |
| note | is good to know | {STATUS["note"]} |

Exit status 2 says that the check could not be made: an unknown option, or a file that cannot be read.
"""


def page() -> str:
    """Return the page."""
    parts = [_INTRODUCTION]
    for about, rules in CATALOGUE:
        parts.append(
            f"\n## {about[0].upper()}{about[1:]}\n\n| rule | severity | why | what to do |\n|---|---|---|---|\n"
        )
        for rule in sorted(rules, key=lambda each: (SEVERITIES.index(each.severity), each.id)):
            cells = (f"[`{rule.id}`]({rule.link})", rule.severity, _cell(rule.why), _cell(rule.fix))
            parts.append(f"| {' | '.join(cells)} |\n")
    return "".join(parts)


def _cell(text: str) -> str:
    return text.replace("|", r"\|").replace("<", "&lt;").replace("*", r"\*")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
