"""Make one sizing decision per line: JSON in, JSON out."""

import json
from collections.abc import Callable, Iterable
from typing import TextIO

from pydantic import ValidationError

from scripts.sizing.request import Answer, Request

Choose = Callable[[Request], Answer]


class RequestError(ValueError):
    """A line that is no request; the message names each wrong field."""


def answer_lines(lines: Iterable[bytes], out: TextIO, choose: Choose) -> None:
    """Answer every line with one line, each written out at once; blank lines are passed over.

    Parameters
    ----------
    lines
        Requests, UTF-8. One that is wrong is answered with ``{"error": ...}``, and the next is read.
    out
        Where the answers go.
    choose
        The method.
    """
    for line in lines:
        if line.strip():
            print(_answer(line, choose), file=out, flush=True)


def read_request(line: bytes) -> Request:
    """Read one request.

    Raises
    ------
    RequestError
        The line is not JSON, or a field is missing or wrong.
    """
    try:
        return Request.model_validate_json(line)
    except ValidationError as error:
        raise RequestError("; ".join(_problem(found["loc"], found["msg"]) for found in error.errors())) from error


def _answer(line: bytes, choose: Choose) -> str:
    try:
        request = read_request(line)
    except RequestError as error:
        return json.dumps({"error": str(error)}, ensure_ascii=False)
    return choose(request).model_dump_json(exclude_none=True)


def _problem(place: tuple[int | str, ...], message: str) -> str:
    text = message.removeprefix("Value error, ")
    return f"{'.'.join(map(str, place))}: {text}" if place else text
