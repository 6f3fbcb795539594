"""What is kept of each file: what the rules found in its functions, and how much of it could be judged."""

from __future__ import annotations

import msgspec

from getput.model import Finding


class FunctionRecord(msgspec.Struct, frozen=True, array_like=True):
    """All functions of one name in a file (there may be several, under ``#ifdef``)."""

    name: str
    findings: tuple[Finding, ...] = ()
    unparsed: int = 0
    bounded: int = 0


class FileRecord(msgspec.Struct, frozen=True, array_like=True):
    """One file: how many functions it has, those of them about which something is to be said, and what rules about the
    whole file found."""

    functions: int = 0
    problem: str = ""  # why nothing of it could be judged
    told: tuple[FunctionRecord, ...] = ()
    findings: tuple[Finding, ...] = ()


encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(FileRecord).decode
