"""Judge why a run failed, and what helps, from its statuses and the tail of its log."""

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from lambdas.failures.case import Case, facts_of, lines_of
from lambdas.failures.classes import Action, FailureClass
from lambdas.failures.mask import mask_secrets
from lambdas.failures.signatures import EXPLAINS, SIGNATURES
from lambdas.failures.signatures_base import MEMORY_CLASS, Side, Signature
from lambdas.failures.signatures_memory import SIDE_HINTS
from lambdas.failures.signatures_runtime import NOISE

MAX_EVIDENCE_LINES = 8
MAX_EVIDENCE_CHARACTERS = 300

# A weak text outside the verdict just decides; a warning's generic exception there does not.
_DECISIVE = 0.33
_UNKNOWN_CONFIDENCE = 0.3

# The cause stands near the end, and lines that differ in their numbers only are read once: this is far more than the
# distinct lines of a usual log, and keeps the time short for any other.
_MAX_CHARACTERS = 80_000

# A line as long as this is many lines run together; what makes noise of one says nothing about the others.
_RUN_TOGETHER = 600

# A warning was mostly survived, unless it is how Spark reports the loss of a task or a container. What stands outside
# the last verdict may have been survived, or be the noise of a shutdown. What a found cause explains counts little.
_WARNED = 0.7
_NOTED = 0.9
_ELSEWHERE = 0.72
_EXPLAINED = 0.6
_CAUSE = 0.55
_LATER = 0.0001

# Beside a line that tells, one that tells much less (a bare "Traceback") only takes the reader's time.
_WORTH_SHOWING = 0.75

# How much of the confidence a second class that is as likely takes away.
_DOUBT = 0.25

_LEVEL = re.compile(r"^.{0,120}?\b(?:(WARN|WARNING)|(INFO|DEBUG|TRACE|NOTE)|(?:ERROR|FATAL|SEVERE|CRITICAL))\b(?!\])")
_START = re.compile(r"^(?:\w*\s*Traceback \(most recent|Exception in thread|\s*(?:[Dd]iagnostics|final status): )")
_VERDICT = re.compile(
    r"^\w*\s*Traceback \(most recent|Exception in thread \"(?:main|Driver)|[Dd]iagnostics|User class threw"
    r"|Final app status|Job aborted|aborting job|Py4JJavaError|Uncaught exception:"
)
_CHAINED = re.compile(r"^(?:During handling of the above|The above exception was the direct cause)")
_LOSS = re.compile(r"TaskSetManager|YarnAllocator|Yarn\w*Backend|Yarn\w*Endpoint|Yarn\w*Scheduler|TaskSchedulerImpl")
_FRAME = re.compile(r"^\s*(?:at [\w$.<>/@ ]+\(|\.\.\. \d+ more|File \"[^\"]*\", line \d+)|^Driver stacktrace:\s*$")
_CODE = re.compile(r"^\s{4,}\S")
_NOISE = re.compile(NOISE)
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True)
class Diagnosis:
    """Why a run failed.

    Attributes
    ----------
    failure_class
        The class.
    action
        What helps.
    confidence
        0 to 1.
    evidence
        The lines that told, the most telling first, with secrets masked.
    """

    failure_class: FailureClass
    action: Action
    confidence: float
    evidence: tuple[str, ...]


@dataclass(frozen=True)
class _Line:
    text: str
    index: int
    block: int
    factor: float
    is_verdict: bool = False


@dataclass(frozen=True)
class _Hit:
    line: _Line
    signature: Signature
    failure_class: FailureClass
    at: int
    score: float


def diagnose(case: Case) -> Diagnosis:
    """Judge why a run failed.

    Every line is held against every signature. A hit counts by the signature's weight, less when the line is a
    warning, or stands outside the last verdict. Classes that another found class explains step back; the best wins.

    Parameters
    ----------
    case
        What is known. Any part may be missing or odd; nothing is raised.
    """
    facts = facts_of(case)
    texts = lines_of(case)
    hits = [*_hits_in_facts(facts), *_hits_in_log(texts)]
    scores = _without_consequences(_best_of(hits))
    ranked = sorted(scores, key=lambda found: scores[found], reverse=True)
    if not ranked or scores[ranked[0]] < _DECISIVE:
        return Diagnosis(FailureClass.UNKNOWN, Action.FAIL_NOW, _UNKNOWN_CONFIDENCE, _evidence(hits))
    winner = ranked[0]
    runner_up = scores[ranked[1]] if len(ranked) > 1 else 0.0
    told = [hit for hit in hits if hit.failure_class is winner]
    actions = [hit.signature.action for hit in told if hit.signature.action]
    confidence = min(scores[winner], 1.0) * (1 - _DOUBT * (runner_up / scores[winner]) ** 2)
    return Diagnosis(winner, actions[0] if actions else winner.action, round(confidence, 2), _evidence(told))


def _hits_in_facts(facts: Sequence[str]) -> Iterator[_Hit]:
    for index, text in enumerate(facts):
        yield from _hits_on(_Line(text, index, 0, 1.0), facts)


def _hits_in_log(texts: Sequence[str]) -> list[_Hit]:
    # Where nothing else tells, what is noise beside a cause may be the cause: the last of many retries.
    hits = _hits_among(_telling(texts, _NOISE), texts) or _hits_among(_telling(texts), texts)
    verdict = _last_verdict(hits)
    return [hit if verdict in {None, hit.line.block} else replace(hit, score=hit.score * _ELSEWHERE) for hit in hits]


def _hits_among(lines: Sequence[_Line], texts: Sequence[str]) -> list[_Hit]:
    return [hit for line in lines for hit in _hits_on(line, texts)]


def _last_verdict(hits: Sequence[_Hit]) -> int | None:
    """Return the block in which the failure is pronounced; without such a block all count alike."""
    return max((hit.line.block for hit in hits if hit.line.is_verdict and hit.signature.weight >= _CAUSE), default=None)


def _hits_on(line: _Line, texts: Sequence[str]) -> Iterator[_Hit]:
    matches = [(signature, found) for signature in SIGNATURES if (found := signature.regex.search(line.text))]
    specific = {signature.failure_class for signature, _ in matches if not signature.is_generic}
    for signature, found in matches:
        if signature.is_generic and specific - {signature.failure_class}:
            continue
        failure_class = signature.failure_class
        if signature.by_side:
            failure_class = MEMORY_CLASS[_side(line.index, texts, signature.side)]
        yield _Hit(line, signature, failure_class, found.start(), signature.weight * line.factor)


def _telling(texts: Sequence[str], noise: re.Pattern[str] | None = None) -> list[_Line]:
    seen: set[str] = set()
    lines: list[_Line] = []
    room = _MAX_CHARACTERS
    for line in reversed(list(_blocks(texts))):
        shape = _DIGITS.sub("0", line.text)
        is_noise = noise is not None and len(line.text) <= _RUN_TOGETHER and noise.search(line.text)
        if shape not in seen and not is_noise:
            seen.add(shape)
            lines.append(line)
            room -= len(line.text)
        if room < 0:
            break
    return lines[::-1]


def _blocks(texts: Sequence[str]) -> Iterator[_Line]:
    block, factor, chained, code, verdict = 0, 1.0, False, False, False
    for index, text in enumerate(texts):
        level = _LEVEL.match(text)
        if level:
            factor = _level_factor(text, level)
        if level or (_START.match(text) and not chained):
            block += 1
            factor = factor if level or text[:1].isspace() else 1.0
            verdict = False
        verdict = verdict or bool(_VERDICT.search(text))
        chained = bool(_CHAINED.match(text)) or (chained and not text.strip())
        if _FRAME.match(text) or (code and _CODE.match(text)):
            code = 'File "' in text
            continue
        code = False
        if text.strip():
            yield _Line(text, index, block, factor, verdict)


def _level_factor(text: str, level: re.Match[str]) -> float:
    if level.group(1) and not _LOSS.search(text):
        return _WARNED
    return _NOTED if level.group(2) else 1.0


def _side(index: int, texts: Sequence[str], default: Side) -> Side:
    own = [texts[index]]
    stack = []
    for text in texts[index + 1 : index + 80]:
        if not _FRAME.match(text) or text.startswith("Driver stacktrace"):
            break
        stack.append(text)
    above = [text for text in reversed(texts[max(0, index - 30) : index]) if not _FRAME.match(text)]
    below = texts[index + 1 + len(stack) : index + 30]
    return next((side for text in (*own, *stack, *above, *below) if (side := _hinted(text))), default)


@functools.lru_cache(maxsize=4096)
def _hinted(text: str) -> Side | None:
    return next((side for hint, side in SIDE_HINTS if hint.search(text)), None)


def _best_of(hits: Sequence[_Hit]) -> dict[FailureClass, float]:
    best: dict[FailureClass, float] = {}
    for place, hit in enumerate(hits):
        # Of two that weigh the same, the later one is nearer to the cause: the innermost "Caused by" comes last.
        score = hit.score + _LATER * place / len(hits)
        best[hit.failure_class] = max(best.get(hit.failure_class, 0.0), score)
    return best


def _without_consequences(scores: Mapping[FailureClass, float]) -> dict[FailureClass, float]:
    explained = {
        consequence for cause, score in scores.items() if score >= _CAUSE for consequence in EXPLAINS.get(cause, ())
    }
    return {found: score * (_EXPLAINED if found in explained else 1) for found, score in scores.items()}


def _evidence(hits: Sequence[_Hit]) -> tuple[str, ...]:
    best_first = sorted(hits, key=lambda hit: hit.score, reverse=True)
    distinct = {hit.line.text: hit for hit in reversed(best_first)}
    ranked = sorted(distinct.values(), key=lambda hit: hit.score, reverse=True)
    telling = [hit for hit in ranked if hit.score >= _WORTH_SHOWING * ranked[0].score]
    return tuple(_shown(hit) for hit in telling[:MAX_EVIDENCE_LINES])


def _shown(hit: _Hit) -> str:
    # Masked before it is cut: half a key is no longer known for one.
    text = mask_secrets(hit.line.text.strip())
    if len(text) > MAX_EVIDENCE_CHARACTERS and hit.at > MAX_EVIDENCE_CHARACTERS // 2:
        text = "... " + text[hit.at - 100 :]
    return text[:MAX_EVIDENCE_CHARACTERS]
