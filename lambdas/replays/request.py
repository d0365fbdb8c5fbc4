"""What a replay is asked for: the execution's input ``{"replay": "<run>", ...}``."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambdas.inputs.request import REPLAY, STARTED_BY, kind_of
from lambdas.replays.errors import ReplayInvalidError

_FORMS = (
    'replay a run with {"replay": "<its name>"}; beside it may stand "from_step": "<a step>", or "all_steps": true, or '
    'another "input" or "manifest", and "size": {"instance_type": "m7g.xlarge", "workers": 4}'
)
_INPUTS = ("input", "manifest")
_KEYS = (REPLAY, "from_step", "all_steps", *_INPUTS, "size")
_SIZE_KEYS = ("instance_type", "workers")


@dataclass(frozen=True)
class AskedSize:
    """So many core and task nodes of one type."""

    instance_type: str
    workers: int


@dataclass(frozen=True)
class ReplayRequest:
    """What is asked for.

    Attributes
    ----------
    run
        The run to replay.
    from_step
        The first step to run; all that need it run too, and no other.
    all_steps
        Whether every step runs.
    input
        Another input, as the execution's input has it: ``{"input": ...}`` or ``{"manifest": ...}``; ``None`` for that
        of the run.
    size
        The size; chosen if ``None``.
    """

    run: str
    from_step: str | None = None
    all_steps: bool = False
    input: Mapping[str, Any] | None = None
    size: AskedSize | None = None

    @property
    def runs_all(self) -> bool:
        """Whether every step runs, whatever was completed: nothing made of other data is of use."""
        return self.all_steps or self.input is not None

    def as_document(self) -> dict[str, Any]:
        """Return the execution's input that asks for this."""
        size = self.size and {"instance_type": self.size.instance_type, "workers": self.size.workers}
        wanted = {REPLAY: self.run, "from_step": self.from_step, "all_steps": self.all_steps, "size": size}
        return {name: value for name, value in wanted.items() if value} | dict(self.input or {})


def parse_replay(document: Mapping[str, Any]) -> ReplayRequest:
    """Read an execution's input that has ``replay``.

    Raises
    ------
    ReplayInvalidError
        Anything else than the forms it takes; the message says what is wrong and what would be right. Whether run, step
        and input exist is not looked at.
    """
    document = {name: value for name, value in document.items() if name != STARTED_BY}
    if unknown := sorted(set(document) - set(_KEYS)):
        close = difflib.get_close_matches(unknown[0], _KEYS, n=1)
        hint = f" (did you mean {close[0]!r}?)" if close else ""
        names = ", ".join(map(repr, unknown[:5]))
        raise ReplayInvalidError(f"the replay has the unknown key{'s' * (len(unknown) > 1)} {names}{hint}; {_FORMS}")
    from_step = _text(document, "from_step") if "from_step" in document else None
    all_steps = document.get("all_steps", False)
    if not isinstance(all_steps, bool):
        raise ReplayInvalidError(f"'all_steps' is {kind_of(all_steps)}; write true or false")
    if all(name in document for name in _INPUTS):
        raise ReplayInvalidError("the replay has both 'input' and 'manifest', and only one can hold; leave one out")
    given = next((name for name in _INPUTS if name in document), None)
    if from_step is not None and (all_steps or given):
        other = "'all_steps'" if all_steps else f"another {given!r}, of which every step has to make its output anew"
        raise ReplayInvalidError(f"the replay has 'from_step' and {other}; leave one of them out")
    return ReplayRequest(
        run=_text(document, REPLAY),
        from_step=from_step,
        all_steps=all_steps,
        input={given: document[given]} if given else None,
        size=_size(document["size"]) if "size" in document else None,
    )


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document[name]
    if isinstance(value, str) and value:
        return value
    what = "the run's name" if name == REPLAY else "a step's name"
    raise ReplayInvalidError(f"{name!r} is {'empty' if value == '' else kind_of(value)}; write {what}; {_FORMS}")


def _size(value: object) -> AskedSize:
    right = 'write "size": {"instance_type": "m7g.xlarge", "workers": 4}'
    if not isinstance(value, dict):
        raise ReplayInvalidError(f"'size' is {kind_of(value)}; {right}")
    if set(value) != set(_SIZE_KEYS):
        raise ReplayInvalidError(f"'size' has {', '.join(map(repr, sorted(value))) or 'nothing'} in it; {right}")
    name, workers = value["instance_type"], value["workers"]
    if not isinstance(name, str) or not name:
        raise ReplayInvalidError(f"'size.instance_type' is {'empty' if name == '' else kind_of(name)}; {right}")
    if not isinstance(workers, int) or isinstance(workers, bool) or workers < 1:
        raise ReplayInvalidError(f"'size.workers' is {workers!r}, and there must be one worker at least; {right}")
    return AskedSize(name, workers)
