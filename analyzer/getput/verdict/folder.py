"""The other files of a driver's folder: does one of them put what a member holds?

Asked only of findings that are about to be said, and answered from the texts, by words: a put of the member anywhere in the folder
silences the finding, whoever's member it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from msgspec.structs import replace

from getput.index.records import FileRecord
from getput.index.tree import sources
from getput.model import Confidence
from getput.ownership import members
from getput.ownership.view import Kept
from getput.ownership.vocabulary import Vocabulary
from getput.untrusted import contents
from getput.verdict.place import Judged

MAX_FILES = 400  # of a folder: a larger one is not a driver's
MAX_KEPT = 8 << 20  # bytes of text that are kept between questions: who judges for months has asked about every folder


class Folders:
    """The folders of one tree (None where there is none), read when asked for."""

    def __init__(self, tree: Path | None, vocabulary: Vocabulary) -> None:
        self.tree = tree
        self.vocabulary = vocabulary
        self.known: dict[str, dict[str, bytes] | None] = {}
        self.kept = 0  # bytes of text in ``known``

    def weighed(self, path: str, confidence: Confidence, kept: Kept, images: Mapping[str, bytes]) -> Confidence | None:
        """How sure it is that nobody puts what the member holds that the file *path* left there: *confidence* where the rest of
        the folder does not, less where that cannot be told, None where it does.  *images* are files that are not as on disk."""
        if kept.known == "file":
            return confidence
        folder = PurePosixPath(path).parent.as_posix()
        texts = self.texts(folder)
        if texts is None:
            return confidence if kept.known == "once" else Confidence.LOW
        puts = self.vocabulary.puts(kept.counter)
        known = self.vocabulary.tables.contracts
        name = kept.member.encode("ascii")
        declared = put = False
        for other, on_disk in texts.items():
            text = images.get(other, on_disk)
            if other == path or name not in text:
                continue
            declared = declared or (other.endswith(".h") and members.declares(text, kept.member, lambda _: True))
            put = put or members.puts_member(text, name, puts, lambda word: word not in known)
        if not declared:  # by somebody else, whose other users tell nothing
            return confidence if kept.known == "once" else Confidence.LOW
        return None if put else confidence

    def texts(self, folder: str) -> dict[str, bytes] | None:
        """The C sources in *folder* and below, by path; of the folder alone where there are too many below, None where there are too many at all."""
        if folder in self.known:
            texts = self.known.pop(folder)
        else:
            texts = self.read(folder)
            self.kept += size(texts)
        self.known[folder] = texts  # asked for last, so let go of last
        while self.kept > MAX_KEPT and len(self.known) > 1:
            self.kept -= size(self.known.pop(next(iter(self.known))))
        return texts

    def read(self, folder: str) -> dict[str, bytes] | None:
        """The same from disk."""
        if self.tree is None or folder.startswith(("/", "..")) or not (self.tree / folder).is_dir():
            return None
        names = sorted(sources(self.tree / folder))
        if len(names) > MAX_FILES:
            names = [name for name in names if "/" not in name]
        if len(names) > MAX_FILES:
            return None
        out = {}
        for name in names:
            path = name if folder == "." else f"{folder}/{name}"
            try:
                out[path] = contents(self.tree / path, within=self.tree)
            except OSError:
                continue
        return out

    # --- what was found ------------------------------------------------------------------------------------------------

    def judged(self, found: Iterable[Judged], images: Mapping[str, bytes]) -> Iterator[Judged]:
        """*found* in files of a patch (whose texts *images* are), without what the rest of a folder refutes."""
        for one in found:
            kept = one.found.kept
            if kept is None:
                yield one
                continue
            sure = self.weighed(one.path, one.found.confidence, kept, images)
            if sure is not None:
                yield replace(one, found=replace(one.found, confidence=sure))

    def answered(self, path: str, record: FileRecord, least: Confidence) -> FileRecord:
        """*record* of the file *path* with what is left of its open findings, of those that are at least as sure as *least*."""
        out = list(record.findings)
        for one in record.open:
            if one.finding.confidence.rank < least.rank:
                continue
            sure = self.weighed(path, one.finding.confidence, one.kept, {})
            if sure is not None:
                out.append(replace(one.finding, confidence=sure))
        return replace(record, findings=tuple(out), open=())


def size(texts: dict[str, bytes] | None) -> int:
    """How many bytes of text these are."""
    return sum(map(len, texts.values())) if texts else 0
