"""The parts a report is made of, as HTML: everything given to them is escaped here, and nothing is
fetched."""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape
from typing import Literal

STYLE = """
@page { size: A4; margin: 18mm 16mm 20mm; }
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; background: #fff; color: #23282b; line-height: 1.5;
       font: 16px/1.5 "Source Sans 3", "Source Sans Pro", system-ui, "Segoe UI",
             "Liberation Sans", sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 0.5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.25rem 0 0.6rem; padding-top: 0.6rem;
     border-top: 1px solid #dcdad3; }
h3 { font-size: 1rem; margin: 1.25rem 0 0.4rem; }
p, ul { margin: 0.5rem 0; overflow-wrap: anywhere; }
ul { padding-left: 1.2rem; }
.question { font-size: 1.15rem; }
.quiet, .notes, figcaption { color: #5b6469; font-size: 0.875rem; }
.banner { border: 2px solid #a33b00; border-left-width: 10px; padding: 0.6rem 0.9rem;
          margin: 1rem 0; font-weight: 600; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.8125rem; font-variant-numeric: tabular-nums;
        margin: 0.5rem 0; border-block: 1.5px solid #23282b; }
th, td { padding: 0.3rem 0.55rem; text-align: left; vertical-align: top;
         overflow-wrap: break-word; }
thead th { border-bottom: 1px solid #23282b; vertical-align: bottom; font-weight: 600; }
tbody tr + tr td { border-top: 1px solid #e8e6e0; }
.r { text-align: right; white-space: nowrap; }
th.r { white-space: normal; }
figure { margin: 1rem 0; }
figure.column img { width: 8.8cm; }
img { max-width: 100%; height: auto; display: block; }
pre, code { font-family: "Source Code Pro", "Liberation Mono", ui-monospace, monospace;
            font-size: 0.8125rem; }
pre { background: #f6f5f1; padding: 0.7rem 0.9rem; white-space: pre-wrap;
      overflow-wrap: anywhere; margin: 0.5rem 0; }
td code { overflow-wrap: anywhere; }
dl.settings { columns: 2; column-gap: 2rem; font-size: 0.8125rem; margin: 0.5rem 0; }
dl.settings div { display: flex; justify-content: space-between; gap: 1rem; break-inside: avoid;
                  border-bottom: 1px solid #eeece6; }
dl.settings dd { margin: 0; text-align: right; overflow-wrap: anywhere; }
@media (max-width: 600px) { dl.settings { columns: 1; } }
@media print {
  body { font-size: 10pt; }
  main { max-width: none; padding: 0; }
  h1, h2, h3 { break-after: avoid; }
  table, figure, .banner { break-inside: avoid; }
  table.long { break-inside: auto; }
  tr, li, pre { break-inside: avoid; }
  pre.long { break-inside: auto; }
  p:has(+ pre) { break-after: avoid; }
  thead { display: table-header-group; }
  table { font-size: 7.5pt; }
  th, td { padding: 1.5pt 3pt; }
  .wide { overflow: visible; }
  dl.settings, pre, code { font-size: 8pt; }
  .notes, figcaption, .quiet { font-size: 8.5pt; }
}
"""

Side = str
"""The class of a column: "l" or "r"."""

LONG = 25
"""A table of more lines than this may go on over the page: none would hold it."""


def page(title: str, parts: Iterable[str]) -> str:
    """One whole page, white also where the reader's screen is dark."""
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            (
                # The browser itself refuses scripts and any request, so a page that was sent by
                # someone else is safe to open.
                '<meta http-equiv="Content-Security-Policy" '
                "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">"
            ),
            f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>",
            # A section without content is an empty text.
            *filter(None, parts),
            "</main></body></html>",
            "",
        ]
    )


def section(title: str, *parts: str) -> str:
    """A heading and what stands below it; nothing where nothing does."""
    kept = [part for part in parts if part]
    return "\n".join([f"<section><h2>{escape(title)}</h2>", *kept, "</section>"]) if kept else ""


def banner(text: str) -> str:
    return f'<div class="banner" role="alert">{escape(text)}</div>'


def headline(text: str, level: Literal["h1", "h3"]) -> str:
    return f"<{level}>{escape(text)}</{level}>"


def paragraph(text: str, kind: str = "") -> str:
    return f"<p{_class(kind)}>{escape(text)}</p>" if text else ""


def items(texts: Iterable[str], kind: str = "") -> str:
    """A list of sentences."""
    rows = "".join(f"<li>{escape(text)}</li>" for text in texts)
    return f"<ul{_class(kind)}>{rows}</ul>" if rows else ""


def table(heads: Sequence[tuple[str, Side]], lines: Sequence[Sequence[str]]) -> str:
    """`heads` are a column's heading and its side; a line break in a cell stays one."""
    head = "".join(f'<th class="{side}">{escape(name)}</th>' for name, side in heads)
    body = ""
    for line in lines:
        cells = zip(line, heads, strict=True)
        row = "".join([f'<td class="{side}">{_lines(cell)}</td>' for cell, (_, side) in cells])
        body += f"<tr>{row}</tr>"
    # A short table is kept on one page of paper. A long one would leave a page almost empty before
    # it.
    kind = _class("long" if len(lines) > LONG else "")
    return (
        f'<div class="wide"><table{kind}>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def settings(pairs: Iterable[tuple[str, str]]) -> str:
    """Many short settings in two columns."""
    rows = "".join(
        f"<div><dt>{escape(key)}</dt><dd>{escape(value)}</dd></div>" for key, value in pairs
    )
    return f'<dl class="settings">{rows}</dl>'


def code(text: str, kind: str = "") -> str:
    return f"<pre{_class(kind)}><code>{escape(text)}</code></pre>"


def image(svg: bytes | str, alt: str, caption: str = "", kind: str = "") -> str:
    """A drawing as a separate image: it can neither run a script nor share an id with another
    one."""
    content = svg.encode() if isinstance(svg, str) else svg
    # base64, because an SVG contains # and quotes, which have a meaning in an address.
    source = f"data:image/svg+xml;base64,{b64encode(content).decode()}"
    below = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    return f'<figure{_class(kind)}><img src="{source}" alt="{escape(alt)}">{below}</figure>'


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""


def _lines(text: str) -> str:
    return "<br>".join(map(escape, text.split("\n")))
