"""Stage 11: the model answers real requests over HTTP, in a process of its own.

Run as `python -m examples.loan_approval.serve FOLDER` with the variables of `run.context()` and
`LOAN_SERVICE_TOKEN`. What is to happen is sealed before the first request (STARTED); what happened,
after the last one (FINISHED).
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from starlette.types import Receive, Scope, Send

from examples.loan_approval.answers import MEDIA_TYPE
from examples.loan_approval.feedback import Feedback
from examples.loan_approval.folder import LOGS, Folder
from examples.loan_approval.job import Job, Past, resume
from examples.loan_approval.measure import decision_rule
from examples.loan_approval.package import PACKAGE
from examples.loan_approval.people import APPROVER, LOG, LOG_ORIGIN, OPERATOR
from examples.loan_approval.place import inspect_place
from examples.loan_approval.roll_out import RollOut
from examples.loan_approval.scoring import Scorer
from examples.loan_approval.service import DECISIONS, NOT_LOGGED, USER, Service
from mlspec import v1
from mlspec.records import new_id
from mlspec.requestlog.disk import LogWriter
from mlspec.requestlog.requests import RequestLogger, RequestLogMiddleware
from mlspec.sealing import load_private_key

TOKEN_VARIABLE = "LOAN_SERVICE_TOKEN"  # noqa: S105 - the name of the variable, not the token
SERVICE_ID, APPLICATION_ID, ENVIRONMENT = "loan-service-1", "loan-desk", "demonstration"
DURABILITY = v1.LogDurability(checkpointed=v1.CheckpointedDurability())
QUEUE = v1.LogQueue(capacity_count=1024, overflow=v1.LOG_OVERFLOW_BLOCK)
STARTED_STEP, FINISHED_STEP = "serve", "serve-finished"


class PlaceUnfitError(Exception):
    """The place cannot carry the model; nothing was started."""


def serve(job: Job, token: str) -> None:
    """Check the place, seal what is to happen, answer until told to stop, seal what happened."""
    listener = socket.create_server(("127.0.0.1", 0))
    # Accepted connections inherit it; without it, small answers wait for the client's next packet.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    writer = LogWriter.open(
        job.folder.requests,
        origin=LOG_ORIGIN,
        signer=load_private_key(LOG.key_path(job.folder)),
        kind=v1.LOG_KIND_REQUESTS,
        durability=DURABILITY,
        queue=QUEUE,
    )
    started = start(job, port_of(listener), writer)
    roll_out = RollOut()
    first = change(started, v1.DEPLOYMENT_CHANGE_KIND_STARTED, roll_out.plan[0].traffic_rate)
    with RequestLogger(writer, first, durability=DURABILITY, queue=QUEUE) as log:
        answer(job, started, roll_out, log, listener, token)
        log.announce(change(started, v1.DEPLOYMENT_CHANGE_KIND_ENDED, 0))
    finish(job, started, roll_out)


def answer(
    job: Job,
    started: Past[v1.ModelServing],
    roll_out: RollOut,
    log: RequestLogger,
    listener: socket.socket,
    token: str,
) -> None:
    """Answer until told to stop."""
    model = started.body.to_model
    name = f"{model.model_name}@{model.version}"
    service = Service(Scorer(job.folder.at(PACKAGE)), name, roll_out, Feedback(log), token)
    logged = RequestLogMiddleware(service, log, skip=NOT_LOGGED)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await logged(scope, receive, send)
        # After the leaf of the request that filled a step, and before any other begins.
        moved = roll_out.moved()
        if moved is not None:
            rate = moved.traffic_rate
            log.announce(change(started, v1.DEPLOYMENT_CHANGE_KIND_TRAFFIC_MOVED, rate))

    config = uvicorn.Config(
        app, log_level="warning", access_log=False, lifespan="off", server_header=False
    )
    server = uvicorn.Server(config)
    threading.Thread(target=stop_at_end_of_input, args=(server,), daemon=True).start()
    print(json.dumps({"port": port_of(listener)}), flush=True)
    server.run(sockets=[listener])


def port_of(listener: socket.socket) -> int:
    """The port that a socket listens on."""
    return int(listener.getsockname()[1])


def stop_at_end_of_input(server: uvicorn.Server) -> None:
    """Stop when whoever started the service closes its standard input, or dies."""
    sys.stdin.buffer.read()
    server.should_exit = True


def start(job: Job, port: int, log: LogWriter) -> Past[v1.ModelServing]:
    """Seal what is to happen.

    Raises:
        PlaceUnfitError: A check of the place failed.
    """
    gate, packaging = job.past(v1.GateDecision), job.past(v1.ModelPackaging)
    training = job.past(v1.ModelTraining)
    body = v1.ModelServing(
        phase=v1.SERVING_PHASE_STARTED,
        deployment_id=new_id(),
        environment_name=ENVIRONMENT,
        endpoint=endpoint(port),
        to_model=packaging.body.model,
        cause=v1.ROLL_OUT_CAUSE_RELEASE,
        packaging=packaging.reference,
        gate_decision=gate.reference,
        approver=APPROVER.actor,
        approve_time=gate.body.decide_time,
        strategy=v1.ROLL_OUT_STRATEGY_CANARY,
        planned_steps=RollOut().plan,
        feature_schema=packaging.body.feature_schema,
        training_data=training.body.data[0],
        decision_rules=[decision_rule()],
    )
    body.request_logs.add(
        origin=LOG_ORIGIN,
        keyid=load_private_key(LOG.key_path(job.folder)).keyid,
        durability=DURABILITY,
        queue=QUEUE,
        uri=LOGS,
        start_tree_size=log.size,
    )
    with job.step(OPERATOR, body, STARTED_STEP, [gate, packaging, training]) as step:
        step.input(job.folder.artifact(PACKAGE, role="package"))
        body.infrastructure_validation.CopyFrom(inspect_place(job, packaging.body, log))
        if body.infrastructure_validation.verdict != v1.VERDICT_PASS:
            raise PlaceUnfitError("the place must pass every check before a model serves there")
    return job.past(v1.ModelServing, STARTED_STEP)


def endpoint(port: int) -> v1.ServingEndpoint:
    """Where the service answers."""
    return v1.ServingEndpoint(
        service_id=SERVICE_ID,
        uri=f"http://127.0.0.1:{port}{DECISIONS}",
        protocol=v1.SERVING_PROTOCOL_HTTP,
        application_id=APPLICATION_ID,
        input_media_type=MEDIA_TYPE,
        output_media_type=MEDIA_TYPE,
        replica_count=1,
        audience=f"{USER}, by token",
    )


def change(
    started: Past[v1.ModelServing], kind: v1.DeploymentChangeKind.ValueType, rate: float
) -> v1.DeploymentChange:
    """Which model answers from the next leaf on, and how many of the requests."""
    body = started.body
    made = v1.DeploymentChange(
        kind=kind,
        deployment=started.reference,
        pipeline=started.verified.header.pipeline,
        feature_schema=body.feature_schema,
        training_data=training_rows(body.training_data),
        application_id=APPLICATION_ID,
        endpoint=DECISIONS,
        service_id=SERVICE_ID,
        input_media_type=MEDIA_TYPE,
        output_media_type=MEDIA_TYPE,
    )
    made.change_time.FromDatetime(datetime.now(UTC))
    if kind != v1.DEPLOYMENT_CHANGE_KIND_ENDED:
        made.models.add(model=body.to_model, traffic_rate=rate)
    return made


def training_rows(data: v1.TrainingData) -> v1.DatasetVersionReference:
    """The rows that the model learnt from, as the text line names them."""
    return v1.DatasetVersionReference(
        dataset_name=data.split.dataset_version.dataset_name, digest=data.split.digest
    )


def finish(job: Job, started: Past[v1.ModelServing], roll_out: RollOut) -> None:
    """Seal what happened: the child of what was to happen."""
    body = v1.ModelServing()
    body.CopyFrom(started.body)
    body.phase = v1.SERVING_PHASE_FINISHED
    body.started.CopyFrom(started.reference)
    body.steps.extend(roll_out.finish())
    complete = len(body.steps) == len(body.planned_steps)
    succeeded = complete and all(s.state == v1.ROLL_OUT_STEP_STATE_SUCCEEDED for s in body.steps)
    body.result = v1.ROLL_OUT_RESULT_SUCCEEDED if succeeded else v1.ROLL_OUT_RESULT_FAILED
    if succeeded:
        body.serving_model.CopyFrom(body.to_model)
    else:
        body.result_reason = "stopped before every step was through"
    with job.step(OPERATOR, body, FINISHED_STEP, [started]) as step:
        step.output(job.folder.artifact(LOGS, role="request log"))


def main() -> None:
    """Serve in the run that the environment names."""
    job = resume(Folder(Path(sys.argv[1])), OPERATOR, os.environ)
    with job.run:
        serve(job, os.environ[TOKEN_VARIABLE])


if __name__ == "__main__":
    main()
