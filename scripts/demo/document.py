"""The one JSON document that says what the demonstration did."""

import gzip
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lambdas import aws
from lambdas.inputs.uri import S3Uri
from scripts.demo.results import Output
from scripts.demo.run import Demo

_SPARK_VERSION = re.compile(r"Running Spark version (\S+)")


def build(demo: Demo, record: dict[str, Any] | None, output: Output | None) -> dict[str, Any]:
    """Put together what ``slow-lambda demo --json`` prints.

    Parameters
    ----------
    demo
        What was seen.
    record, output
        The run's record and result, if it got that far.
    """
    follower = demo.follower
    execution = follower.execution if follower else {}
    plan = record["plan"] if record else None
    return {
        "run": {
            "name": execution.get("name"),
            "status": execution.get("status"),
            "state_machine": execution.get("stateMachineArn"),
            "input": plan["input"] if plan else None,
            "record": json.loads(execution["output"])["record"] if record else None,
            "error": execution.get("error"),
            "cause": execution.get("cause"),
        },
        "plan": _plan(plan) if plan else None,
        "cluster": _cluster(demo),
        "steps": [_step(demo, step) for step in follower.steps] if follower else [],
        "output": output.summary() if output else None,
        "cost": record["cost"] if record else None,
        "clusters_left": demo.left,
        "seconds": demo.seconds,
    }


def _plan(plan: dict[str, Any]) -> dict[str, Any]:
    size = plan["size"]
    return {
        "bytes": plan["measured"]["bytes"],
        "files": plan["measured"]["files"],
        **{role: size[role] for role in ("primary", "core", "task")},
        "estimate": plan["estimate"],
    }


def _cluster(demo: Demo) -> dict[str, Any] | None:
    if demo.follower is None or demo.follower.cluster is None:
        return None
    follower, cluster = demo.follower, demo.follower.cluster
    history = [
        {
            "state": entry.event["detail"]["state"],
            "simulated_at": datetime.fromtimestamp(entry.simulated, UTC).isoformat(timespec="seconds"),
            "simulated_seconds": round(entry.simulated - follower.started_simulated, 1),
            "real_seconds": round(entry.real - follower.started_real, 2),
        }
        for entry in demo.journal
        if entry.event["detail-type"] == "EMR Cluster State Change"
        and entry.event["detail"]["clusterId"] == cluster["Id"]
    ]
    return {"id": cluster["Id"], "state": cluster["Status"]["State"], "history": history}


def _step(demo: Demo, step: dict[str, Any]) -> dict[str, Any]:
    timeline = step["Status"]["Timeline"]
    ran = "StartDateTime" in timeline and "EndDateTime" in timeline
    version = _spark_version(demo, step["Id"])
    return {
        "name": step["Name"],
        "state": step["Status"]["State"],
        "seconds": round((timeline["EndDateTime"] - timeline["StartDateTime"]).total_seconds(), 2) if ran else None,
        "engine": "spark" if version else None,
        "engine_version": version,
    }


def _spark_version(demo: Demo, step_id: str) -> str | None:
    """Read from the step's own log which Spark ran it."""
    cluster = demo.follower.cluster if demo.follower else None
    if cluster is None:
        return None
    uri = S3Uri.parse(f"{cluster['LogUri'].rstrip('/')}/{cluster['Id']}/steps/{step_id}/stderr.gz")
    s3 = aws.s3()
    try:
        body = s3.get_object(Bucket=uri.bucket, Key=uri.key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        return None
    found = _SPARK_VERSION.search(gzip.decompress(body).decode(errors="replace"))
    return found[1] if found else None


def save(document: dict[str, Any], folder: Path) -> Path:
    """Keep the document when the local cloud is gone."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "demo.json"
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return path
