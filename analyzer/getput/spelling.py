"""What somebody may have meant who wrote a word that is not known."""

from __future__ import annotations

from collections.abc import Iterable


def close_to(word: str, known: Iterable[str], cutoff: float = 0.6) -> list[str]:
    """At most three of the *known* words that resemble *word*, the closest first; case and ``_`` for ``-`` make no difference."""
    from difflib import get_close_matches

    plain = {one.lower().replace("_", "-"): one for one in sorted(known, reverse=True)}
    return [plain[one] for one in get_close_matches(word.lower().replace("_", "-"), plain, n=3, cutoff=cutoff)]


def meant(word: str, known: Iterable[str], otherwise: str = "", cutoff: float = 0.6) -> str:
    """``: did you mean a or b?``, or ``: `` and what to say *otherwise*, where nothing comes close; "" where there is neither."""
    close = close_to(word, known, cutoff)
    said = f"did you mean {' or '.join(close)}?" if close else otherwise
    return f": {said}" if said else ""
