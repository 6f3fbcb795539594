"""What tests of images ask of repositories, trees and answers."""

from __future__ import annotations

ANY = b"From: a\nSubject: x\n\n---\n"


def change(repo, before: str, after: str, *options: str) -> bytes:
    """A patch from *before* to *after*; the work tree is left with *before*."""
    repo.commit(**{"x.c": before})
    repo.commit(**{"x.c": after})
    mail = repo.mail("-1", *options)
    repo.git("reset", "-q", "--hard", "HEAD~")
    return mail


def plain(repo, tmp_path, revision: str = "HEAD"):
    """The tree of *revision*, without git: no blobs."""
    return repo.export(revision, tmp_path / f"tree-{len(list(tmp_path.iterdir()))}")


def only(submission):
    """The one file of the one patch."""
    (patch,) = submission.patches
    (file,) = patch.files
    return file


def lines(text: bytes, numbers: frozenset[int]) -> list[bytes]:
    return [text.split(b"\n")[number - 1] for number in sorted(numbers)]


def agrees(file, before: str, after: str) -> None:
    """Images and line numbers are what they should be."""
    assert file.status == "ready", file.reason
    assert (file.before, file.after) == (before.encode(), after.encode())
    old, new = (text.encode().removesuffix(b"\n").split(b"\n") for text in (before, after))
    kept_old = [line for number, line in enumerate(old, 1) if number not in file.removed]
    kept_new = [line for number, line in enumerate(new, 1) if number not in file.added]
    assert kept_old == kept_new
    for before_start, before_count, after_start, after_count in file.hunks:
        left = old[before_start - 1 : before_start - 1 + before_count]
        right = new[after_start - 1 : after_start - 1 + after_count]
        assert [x for n, x in enumerate(left, before_start) if n not in file.removed] == [
            x for n, x in enumerate(right, after_start) if n not in file.added
        ]
    assert all(any(a <= n < a + c for a, c, _, _ in file.hunks) for n in file.removed)
    assert all(any(a <= n < a + c for _, _, a, c in file.hunks) for n in file.added)
