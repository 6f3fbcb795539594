"""The report of an audit as one page for a browser: plots drawn in place (SVG), nothing from outside, no script."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from getput import __version__
from getput.fleet.report import MOST, Figures, Row, figures
from getput.fleet.store import Results
from getput.report.page.markup import attribute, text

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
STYLE = """
:root { color-scheme: light dark; --bar: #3567a8; --line: #8888; }
@media (prefers-color-scheme: dark) { :root { --bar: #7aa7e0; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
dl { display: grid; grid-template-columns: max-content auto; gap: .1rem 1rem; } dt { opacity: .7; } dd { margin: 0; }
svg { width: 100%; height: auto; font: 12px system-ui, sans-serif; } svg text { fill: currentColor; }
svg rect { fill: var(--bar); } svg line { stroke: var(--line); }
"""
WIDTH, LABEL, HEIGHT, STEP = 900, 330, 180, 20


def html(results: Results) -> Iterator[str]:
    """The page."""
    said = figures(results)
    title = f"{said.findings:,} findings in {said.patches:,} patches"
    yield (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{attribute(POLICY)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>getput audit: {text(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{text(title)}</h1>\n"
    )
    yield (
        "<dl>\n" + "".join(f"<dt>{text(name)}</dt><dd>{text(value)}</dd>\n" for name, value in _facts(said)) + "</dl>\n"
    )
    yield _section("Patches by verdict", bars(said.verdicts))
    for name, rows in said.groups.items():
        if rows:
            yield _section(f"Findings by {name}", months(rows) if name == "month" else bars(rows))
    if said.why:
        yield _section("Not judged, or not all of it", bars(said.why))
    yield f"<p>getput {text(__version__)}</p>\n</body>\n</html>\n"


def _facts(said: Figures) -> list[tuple[str, str]]:
    return [
        (
            "Read",
            f"{said.mails:,} mails or commits, {said.idle:,} of them without a patch, {said.unread:,} not readable",
        ),
        ("Patches", f"{said.patches:,}, seen in {said.places:,} places"),
        ("Judged", f"{said.judged:,} of {said.members:,}"),
        ("Judging took", f"{said.seconds:,.1f} s, all processes together"),
    ]


def _section(title: str, picture: str) -> str:
    return f"<section>\n<h2>{text(title)}</h2>\n{picture}</section>\n"


def bars(rows: Sequence[Row]) -> str:
    """A bar a row, the longest first as they come; what is too much is summed up below."""
    shown = list(rows[:MOST])
    if len(rows) > MOST:
        shown.append(Row(f"{len(rows) - MOST:,} others", sum(row.number for row in rows[MOST:])))
    most = max((row.number for row in shown), default=1)
    room = WIDTH - LABEL - 80
    out = [_svg(len(shown) * STEP + 4)]
    for at, row in enumerate(shown):
        width = max(1.0, room * row.number / most)
        y = at * STEP + 2
        label = row.name if len(row.name) <= 50 else row.name[:49] + "…"
        out.append(
            f'<text x="{LABEL - 8}" y="{y + 13}" text-anchor="end"><title>{text(row.name)}</title>{text(label)}</text>'
            f'<rect x="{LABEL}" y="{y}" width="{width:.1f}" height="{STEP - 4}"/>'
            f'<text x="{LABEL + width + 6:.1f}" y="{y + 13}">{row.number:,}</text>\n'
        )
    return "".join([*out, "</svg>\n"])


def months(rows: Sequence[Row]) -> str:
    """A column a month, those without findings too."""
    known = {row.name: row.number for row in rows}
    names = _every_month([name for name in known if name[:1].isdigit()])
    most = max(known.values(), default=1)
    wide = (WIDTH - 20) / max(len(names), 1)
    out = [_svg(HEIGHT + 24), f'<line x1="10" y1="{HEIGHT}" x2="{WIDTH - 10}" y2="{HEIGHT}"/>\n']
    every = max(1, round(len(names) / 12))
    for at, name in enumerate(names):
        count = known.get(name, 0)
        tall, x = (HEIGHT - 20) * count / most, 10 + at * wide
        out.append(
            f'<rect x="{x:.1f}" y="{HEIGHT - tall:.1f}" width="{max(wide - 1, 0.5):.1f}" height="{tall:.1f}">'
            f"<title>{text(name)}: {count:,}</title></rect>\n"
        )
        if at % every == 0:
            out.append(f'<text x="{x:.1f}" y="{HEIGHT + 16}">{text(name)}</text>\n')
    unknown = sum(number for name, number in known.items() if not name[:1].isdigit())
    below = f"<p>{unknown:,} of mails without a date</p>\n" if unknown else ""
    return "".join([*out, "</svg>\n", below])


MOST_MONTHS = 600  # what lies further apart was not dated by a clock


def _every_month(names: Sequence[str]) -> list[str]:
    """The months from the first of *names* to the last."""
    known = sorted(names)
    if not known:
        return []
    first, last = (12 * int(name[:4]) + int(name[5:]) - 1 for name in (known[0], known[-1]))
    if last - first > MOST_MONTHS:
        return known
    return [f"{at // 12:04}-{at % 12 + 1:02}" for at in range(first, last + 1)]


def _svg(height: int) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img">\n'
