"""What README.md and docs/ show is what the project has."""

import re

import yaml

from lambdas.specs import load_job
from scripts.cli import app
from scripts.rendering.paths import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_job_in_ten_lines_is_the_example() -> None:
    (block,) = re.findall(r"```yaml\n(name: .*?)```", README, re.DOTALL)
    shown = yaml.safe_load(block)
    kept = yaml.safe_load((ROOT / "emr_specs" / "jobs" / shown["name"] / "job.yml").read_text(encoding="utf-8"))
    assert shown == kept
    assert load_job(shown["name"]).description == shown["description"]


def test_every_link_to_a_file_leads_somewhere() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        text = page.read_text(encoding="utf-8")
        targets = re.findall(r"\]\((?!http)([^)#]+)\)", text) + re.findall(r'src="([^"]+)"', text)
        missing = [target for target in targets if not (page.parent / target).exists()]
        assert missing == [], page


def test_every_verb_is_in_the_readme() -> None:
    verbs = {command.callback.__name__ for command in app.registered_commands if command.callback}
    verbs |= {group.name for group in app.registered_groups if group.name}
    assert verbs
    missing = [verb for verb in sorted(verbs) if not re.search(rf"`[^`]*\b{verb}\b[^`]*`", README)]
    assert missing == []
