"""The HTTP endpoint: what a request may be, how many there may be, and what is counted of them."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from enum import StrEnum
from typing import Any, NamedTuple

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from getput import __version__
from getput.cli.workers import LostError, TookTooLongError, Work, Worker

BODY_SECONDS = 30.0  # for a body to arrive
CONNECTIONS = 200  # beyond which uvicorn itself answers 503
GZIP = b"\x1f\x8b"
ABOUT = """Says which reference-count bugs a Linux kernel patch introduces.

There is no TLS and no authentication here: both are left to a proxy."""


class Bounds(NamedTuple):
    """``workers`` judge, ``waiting`` more requests wait; ``body`` in bytes; ``seconds`` for one judgement."""

    workers: int
    waiting: int
    body: int
    seconds: float


class Form(StrEnum):
    """The formats that are served."""

    JSON = "json"
    SARIF = "sarif"


class RefusedError(Exception):
    """A request that gets no judgement."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status = status


TYPES = {Form.JSON: "application/json", Form.SARIF: "application/sarif+json"}
SAID = {
    400: "the body is empty",
    405: "another method",
    408: "the body did not arrive in time",
    413: "the body is too large",
    415: "the body is compressed",
    422: "a parameter is not one of its values",
    500: "the process that judged it died, or a fault of getput's own",
    503: "too many requests at once: ask again later",
    504: "the judgement took too long",
}
_ERROR = {
    "application/json": {
        "schema": {"type": "object", "properties": {"detail": {}}, "required": ["detail"]},
    }
}
_JSON: dict[str, Any] = {"schema": {"type": "object"}}
RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "the answer", "content": dict.fromkeys(TYPES.values(), _JSON)},
    **{status: {"description": said, "content": _ERROR} for status, said in SAID.items() if status != 405},
}
BODY = {
    "requestBody": {
        "required": True,
        "description": "a mail, an mbox or a diff, as it is",
        "content": {
            kind: {"schema": {"type": "string", "minLength": 1}}
            for kind in ("text/plain", "message/rfc822", "text/x-patch")
        },
    }
}


class Meters:
    """What Prometheus is told."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter("getput_requests_total", "requests for a judgement", ["status"], registry=self.registry)
        self.seconds = Histogram(
            "getput_judgement_seconds",
            "time of a judgement, waiting included",
            buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30),
            registry=self.registry,
        )
        self.findings = Counter("getput_findings_total", "findings that were answered", registry=self.registry)
        self.killed = Counter("getput_killed_total", "judgements that took too long", registry=self.registry)
        self.lost = Counter("getput_lost_total", "processes that died over a judgement", registry=self.registry)
        self.here = Gauge("getput_requests_in_progress", "requests that are judged or wait", registry=self.registry)


class Desk:
    """Hands bodies to processes that are free."""

    def __init__(self, work: Work, bounds: Bounds, meters: Meters) -> None:
        self.bounds = bounds
        self.meters = meters
        self.workers = [Worker(work) for _ in range(bounds.workers)]
        self.free: asyncio.Queue[Worker] = asyncio.Queue()
        self.here = 0

    async def open(self) -> None:
        """Start all processes."""
        for worker in self.workers:
            await asyncio.to_thread(worker.start)
            self.free.put_nowait(worker)

    async def close(self) -> None:
        """End them."""
        for worker in self.workers:
            await asyncio.to_thread(worker.end)

    async def answer(self, request: Request, form: Form) -> str:
        """The answer to a request.  Raises RefusedError."""
        if self.here >= self.bounds.workers + self.bounds.waiting:
            raise RefusedError(503, SAID[503])
        self.here += 1
        self.meters.here.set(self.here)
        try:
            return await self._judged(await self._body(request), form)
        finally:
            self.here -= 1
            self.meters.here.set(self.here)

    async def _body(self, request: Request) -> bytes:
        limit = self.bounds.body
        said = request.headers.get("content-length", "")
        if said.isdecimal() and (len(said) > 18 or int(said) > limit):
            raise RefusedError(413, f"the body is larger than {limit} bytes")
        body = bytearray()
        try:
            async with asyncio.timeout(BODY_SECONDS):
                async for piece in request.stream():
                    body += piece
                    if len(body) > limit:
                        raise RefusedError(413, f"the body is larger than {limit} bytes")
        except TimeoutError:
            raise RefusedError(408, SAID[408]) from None
        if not body:
            raise RefusedError(400, SAID[400])
        if body.startswith(GZIP) or request.headers.get("content-encoding", "identity") != "identity":
            raise RefusedError(415, SAID[415])  # what it would unpack to is not bounded by its size
        return bytes(body)

    async def _judged(self, body: bytes, form: Form) -> str:
        start = time.perf_counter()
        worker = await self.free.get()
        # A client that leaves must not take with it the only hold on a process that still works.
        asked = asyncio.ensure_future(asyncio.to_thread(worker.ask, body, form.value, self.bounds.seconds))
        asked.add_done_callback(lambda _: self.free.put_nowait(worker))
        try:
            said = await asyncio.shield(asked)
        except TookTooLongError:
            self.meters.killed.inc()
            raise RefusedError(504, f"the judgement took longer than {self.bounds.seconds:g} s") from None
        except LostError:
            self.meters.lost.inc()
            raise RefusedError(500, "the process that judged it died") from None
        finally:
            self.meters.seconds.observe(time.perf_counter() - start)
        self.meters.findings.inc(said.findings)
        return said.text


def app(work: Work, bounds: Bounds) -> FastAPI:
    """The application."""
    meters = Meters()
    desk = Desk(work, bounds, meters)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await desk.open()
        yield
        await desk.close()

    # No pages of documentation: they would load scripts from elsewhere.
    service = FastAPI(
        title="getput", version=__version__, description=ABOUT, docs_url=None, redoc_url=None, lifespan=lifespan
    )

    @service.post("/check", responses=RESPONSES, openapi_extra=BODY, response_class=Response, summary="Judge a patch")
    async def check(request: Request, format: Form = Form.JSON) -> Response:  # noqa: A002 -- the name of the option
        try:
            text = await desk.answer(request, format)
        except RefusedError as problem:
            meters.requests.labels(str(problem.status)).inc()
            headers = {"Retry-After": "1"} if problem.status == 503 else {}
            if problem.status in (408, 413):
                headers["Connection"] = "close"
            return JSONResponse({"detail": str(problem)}, problem.status, headers)
        meters.requests.labels("200").inc()
        return Response(text.encode("utf-8", "backslashreplace"), media_type=TYPES[format])

    @service.get("/health", summary="Whether it serves")
    async def health() -> dict[str, str]:
        return {"status": "ok", "version": __version__}

    @service.get(
        "/metrics",
        response_class=Response,
        summary="Figures for Prometheus",
        responses={200: {"description": "figures", "content": {"text/plain": {"schema": {"type": "string"}}}}},
    )
    async def metrics() -> Response:
        return Response(generate_latest(meters.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return service


def listen(host: str, port: int, work: Work, bounds: Bounds) -> None:
    """Serve until a signal says to stop."""
    uvicorn.run(
        app(work, bounds),
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=10,
        h11_max_incomplete_event_size=64 << 10,
    )
