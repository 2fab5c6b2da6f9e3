"""What the tables of the Compare page are made of; Streamlit's own have no bars in their cells and no room for a second line."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from netlib.figures.curves import MARKS, color

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from netlib.figures.curves import Network

# Lines and grounds are made of the page's own text colour, so that they follow its theme.
_STYLE = """<style>
.compare { overflow-x: auto; }
.compare table { border-collapse: collapse; table-layout: fixed; width: 100%; min-width: calc(7rem + var(--columns) * 9rem); }
.compare table { font-size: .9rem; line-height: 1.3; }
.compare th, .compare td { padding: .3rem .7rem; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
.compare tr > * { border-bottom: 1px solid color-mix(in srgb, currentColor 16%, transparent); }
.compare thead tr > * { border-bottom-width: 2px; }
.compare tr > *:first-child { width: 13rem; font-weight: 600; }
.compare summary { cursor: pointer; padding-left: 1em; text-indent: -1em; }
.compare details p { margin: .2rem 0 .1rem; font-size: .8rem; font-weight: 400; }
.compare small { display: block; font-size: .78rem; opacity: .82; }
.compare .bar { height: 5px; margin: .2rem 0; border-radius: 2px; min-width: 1px; }
.compare .chosen { background: color-mix(in srgb, currentColor 9%, transparent); }
.compare .none { opacity: .65; }
.compare .number { font-variant-numeric: tabular-nums; white-space: nowrap; }
.compare .parts { display: grid; grid-template-columns: repeat(auto-fit, minmax(7.5rem, 1fr)); gap: 0 1rem; }
/* In a narrow window the word of a row stands above its figures, so that all networks stay in sight, their names at the top. */
@media (max-width: 800px) {
  .compare { overflow-x: visible; }
  .compare table, .compare thead, .compare tbody { display: block; min-width: 0; }
  .compare tr { display: grid; grid-template-columns: repeat(var(--columns), minmax(0, 1fr)); }
  .compare tr > *:first-child { grid-column: 1 / -1; width: auto; border-bottom: 0; padding-bottom: 0; }
  .compare th, .compare td { padding: .3rem .25rem; font-size: .8rem; }
  .compare thead { position: sticky; top: 3.75rem; z-index: 1; background: var(--page); }
  .compare thead tr > *:first-child { display: none; }
  .compare .number { white-space: normal; }
  .compare .parts { grid-template-columns: 1fr; }
}
</style>"""

# Said again, because the layout of narrow windows takes a table's own roles away in some browsers.
_ROLES = {"<table": "table", "<thead": "rowgroup", "<tbody": "rowgroup", "<tr": "row", "<td": "cell",
          '<th scope="col"': "columnheader", '<th scope="row"': "rowheader"}  # fmt: skip


def table(label: str, networks: Sequence[Network], body: Iterable[str], *, dark: bool, corner: str = "") -> str:
    """A table with a column for each network, in a box that scrolls where it is too narrow; `label` is for screen readers."""
    heads = "".join(f'<th scope="col">{badge(network, dark=dark)}</th>' for network in networks)
    style = f"--columns:{len(networks)};--page:{'#171614' if dark else '#ffffff'}"
    region = f'<div class="compare" tabindex="0" role="region" aria-label="{escape(label)}" style="{style}">'
    head = f'<thead><tr><th scope="col">{corner}</th>{heads}</tr></thead>'
    grid = f"<table>{head}<tbody>{''.join(body)}</tbody></table>"
    for tag, role in _ROLES.items():
        grid = grid.replace(tag, f'{tag} role="{role}"')
    return f"{_STYLE}{region}{grid}</div>"


def badge(network: Network, *, dark: bool) -> str:
    """The network's name with the mark and the colour that it has everywhere on the page."""
    place = network.index % len(MARKS)
    return f'<span style="color:{color(network.index, dark=dark)}" aria-hidden="true">{MARKS[place]}</span> {escape(network.title)}'


def bar(share: float, network: Network, *, dark: bool) -> str:
    """A bar as long as the share of its cell, 0 to 1."""
    return f'<div class="bar" style="width:{100 * share:.1f}%;background:{color(network.index, dark=dark)}"></div>'
