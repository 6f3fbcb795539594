"""The language server: diagnostics with the way to the bug, and quick fixes where a finding has one."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from lsprotocol import types as lsp
from pygls import uris
from pygls.lsp.server import LanguageServer
from pygls.workspace import TextDocument

from getput import __version__
from getput.cli import UsageError
from getput.cli.editing import Desk, edits
from getput.model import Finding, Severity, Status
from getput.patch.series import default_tree

SEVERITIES = {
    Severity.ERROR: lsp.DiagnosticSeverity.Error,
    Severity.WARNING: lsp.DiagnosticSeverity.Warning,
    Severity.NOTE: lsp.DiagnosticSeverity.Information,
}


class Shown(NamedTuple):
    """What the editor was told of one version of a document."""

    version: int | None
    found: list[tuple[lsp.Diagnostic, Finding]]


class Server:
    """The state behind the protocol: what waits to be judged, and what is shown."""

    def __init__(self, server: LanguageServer, desk: Desk, delay: float) -> None:
        self.server = server
        self.desk = desk
        self.delay = delay
        self.waiting: dict[str, asyncio.Task[None]] = {}
        self.shown: dict[str, Shown] = {}
        self.worker = ThreadPoolExecutor(1)  # a judge does one thing at a time
        self.complained = ""

    def changed(self, uri: str, delay: float) -> None:
        """The document has another text: judge it when nothing has changed for *delay* seconds."""
        self.forget(uri)
        self.waiting[uri] = asyncio.get_running_loop().create_task(self.look(uri, delay))

    def forget(self, uri: str) -> None:
        """What waits for the document need not be done any more."""
        task = self.waiting.pop(uri, None)
        if task is not None:
            task.cancel()

    def closed(self, uri: str) -> None:
        """Nobody looks at the document any more."""
        self.forget(uri)
        self.shown.pop(uri, None)
        self.server.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, []))

    async def look(self, uri: str, delay: float) -> None:
        """Judge the document, and show what was found, unless its text has changed meanwhile."""
        await asyncio.sleep(delay)
        document = self.server.workspace.get_text_document(uri)
        version, path = document.version, uris.to_fs_path(uri)
        if path is None:
            return
        try:
            found = await asyncio.get_running_loop().run_in_executor(
                self.worker, self.desk.findings, Path(path), document.source
            )
        except Exception as error:  # noqa: BLE001 -- one text that cannot be judged is not the end of the session
            self.complain(str(error) if isinstance(error, UsageError) else f"{type(error).__name__}: {error}")
            found = ()
        if self.server.workspace.get_text_document(uri).version != version:
            return
        self.waiting.pop(uri, None)
        shown = [(self.diagnostic(document, one), one) for one in found]
        self.shown[uri] = Shown(version, shown)
        diagnostics = [one for one, _ in shown]
        self.server.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, diagnostics, version))

    def complain(self, text: str) -> None:
        """Tell the user, once, what is wrong."""
        if text != self.complained:
            self.complained = text
            params = lsp.ShowMessageParams(lsp.MessageType.Error, f"getput: {text}")
            self.server.window_show_message(params)

    # --- from findings to the protocol -------------------------------------------------------------------------------

    def diagnostic(self, document: TextDocument, finding: Finding) -> lsp.Diagnostic:
        """*finding*, with each step of its way."""
        path = Path(document.path)
        top = default_tree(path.parent)
        here = path.relative_to(top).as_posix()
        related = [
            lsp.DiagnosticRelatedInformation(
                lsp.Location(
                    document.uri if step.file == here else uris.from_fs_path(str(top / step.file)) or document.uri,
                    self.place(document, step.line, step.column)
                    if step.file == here
                    else _plain(step.line, step.column),
                ),
                step.note,
            )
            for step in finding.path
        ]
        anchor = finding.anchor
        if anchor is not None and anchor.side == "after" and anchor.file == here:
            where = lsp.Location(document.uri, self.place(document, anchor.line, 1))
            related.append(lsp.DiagnosticRelatedInformation(where, "introduced by this line"))
        existing = finding.status is Status.EXISTING
        return lsp.Diagnostic(
            range=self.place(document, finding.line, finding.column),
            message=f"{finding.message} ({finding.confidence.value} confidence)",
            severity=lsp.DiagnosticSeverity.Hint if existing else SEVERITIES[finding.severity],
            code=finding.rule,
            source="getput",
            related_information=related,
            data={"fingerprint": finding.fingerprint},
        )

    def place(self, document: TextDocument, line: int, column: int) -> lsp.Range:
        """From a place (1-based, in bytes) to the end of its line, in the client's units."""
        lines = document.lines
        row = min(line - 1, max(len(lines) - 1, 0))
        text = lines[row].rstrip("\r\n") if lines else ""
        units = self.server.workspace.position_codec.client_num_units
        start = text.encode("utf-8", "replace")[: column - 1].decode("utf-8", "replace")
        return lsp.Range(lsp.Position(row, units(start)), lsp.Position(row, units(text)))

    def actions(self, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        """The fixes of what is shown in the range that is asked about."""
        uri = params.text_document.uri
        shown = self.shown.get(uri)
        document = self.server.workspace.get_text_document(uri)
        if shown is None or shown.version != document.version:
            return []
        path = Path(document.path)
        name = path.relative_to(default_tree(path.parent)).as_posix()
        out = []
        for diagnostic, finding in shown.found:
            touched = (
                params.range.start.line <= diagnostic.range.end.line
                and diagnostic.range.start.line <= params.range.end.line
            )
            changes = edits(finding.fix, name, document.source) if finding.fix and touched else None
            if changes is None:
                continue
            texts = [
                lsp.TextEdit(lsp.Range(lsp.Position(one.first, 0), lsp.Position(one.last, 0)), one.text)
                for one in changes
            ]
            out.append(
                lsp.CodeAction(
                    title=f"Mend {finding.rule} of '{finding.object}'",
                    kind=lsp.CodeActionKind.QuickFix,
                    diagnostics=[diagnostic],
                    edit=lsp.WorkspaceEdit(changes={uri: texts}),
                )
            )
        return out


def _plain(line: int, column: int) -> lsp.Range:
    """A place in a file that is not open."""
    at = lsp.Position(line - 1, column - 1)
    return lsp.Range(at, at)


def serve(desk: Desk, delay: float) -> None:
    """Speak the protocol on standard input and output until the editor leaves."""
    server = LanguageServer("getput", __version__)
    state = Server(server, desk, delay)

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    def _opened(params: lsp.DidOpenTextDocumentParams) -> None:
        state.changed(params.text_document.uri, 0.0)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def _changed(params: lsp.DidChangeTextDocumentParams) -> None:
        state.changed(params.text_document.uri, state.delay)

    @server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    def _saved(params: lsp.DidSaveTextDocumentParams) -> None:
        state.changed(params.text_document.uri, 0.0)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def _closed(params: lsp.DidCloseTextDocumentParams) -> None:
        state.closed(params.text_document.uri)

    @server.feature(
        lsp.TEXT_DOCUMENT_CODE_ACTION, lsp.CodeActionOptions(code_action_kinds=[lsp.CodeActionKind.QuickFix])
    )
    def _actions(params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        return state.actions(params)

    server.start_io()
