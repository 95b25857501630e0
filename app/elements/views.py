"""Shows results on the page. Nothing is computed or remembered here."""

import shlex
from collections.abc import Sequence
from html import escape
from typing import Literal, NamedTuple

import streamlit as st

from app import state
from app.cache import Network
from app.elements import controls, pages
from resnet import exports, quantity
from resnet.network import catalog
from resnet.network.config import ResNetConfig
from resnet.network.link import Choice, written
from resnet.network.numbers import NUMBERS
from resnet.tables.text_table import Cell, Column, TextTable

VIEWS = ("Drawing", "plot_model", "Layers", "Code")
FAMILY_TITLES = {
    "cifar": "CIFAR",
    "bottleneck": "CIFAR, bottlenecks",
    "imagenet": "ImageNet",
    "binary": "cats vs dogs",
}
# The colon and the dollar are here because Streamlit reads :red[…], :material/…: and $formulas$ in
# addition to Markdown.
MARKDOWN_SIGNS = "\\`*_{}[]<>()#+-.!|$:~"
TABLE_HEIGHT = 560


def title(config: ResNetConfig) -> str:
    """ResNet-56 or Plain-56, as the paper writes them."""
    return f"{'Plain' if config.shortcut == 'none' else 'ResNet'}-{config.depth}"


def summary(choice: Choice) -> str:
    """The catalogue's name and the changed settings."""
    changes = [f"{key} = {written(value)}" for key, value in choice.settings.items()]
    return (
        ", ".join([f"{choice.network} with {changes[0]}", *changes[1:]])
        if changes
        else choice.network
    )


def heading(choice: Choice, config: ResNetConfig) -> None:
    """The network's name, its source, and the changed settings."""
    entry = catalog.get(choice.network)
    st.header(f"{title(config)} · {FAMILY_TITLES[entry.family]}", anchor=False)
    st.caption(f"{plain(summary(choice))} · {entry.source}")


def problem(sentence: str | None) -> None:
    """Show what is wrong with the controls or the link. The rest of the page still works."""
    if sentence:
        st.warning(plain(sentence), icon=":material/error:")


def network_line(network: Network, choice: Choice) -> None:
    """The network in one line, on pages with another subject."""
    parameters, macs = network.metrics.trainable_params, network.metrics.macs
    facts = f"{quantity.exact(parameters)} parameters · {quantity.short(macs)} MACs per image"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{plain(summary(choice))} · {facts}", width="content")
        st.page_link(pages.ARCHITECTURE, label="Change the network", query_params=choice.to_query())


def numbers(network: Network) -> None:
    """The numbers of a network in one row. Hovering shows how each is counted."""
    # A receptive field larger than the image sees all of it. The number alone does not say so.
    whole = network.metrics.receptive_field >= max(network.config.input_shape[:2])
    row = []
    for key, number in NUMBERS.items():
        value = getattr(network.metrics, key)
        exact, brief = number.exact(value), number.brief(value)
        # If the short form drops digits, the explanation shows the exact value.
        about = f"{exact}. {number.convention}" if brief != exact else number.convention
        below = "whole image" if key == "receptive_field" and whole else ""
        row.append(Number(number.short, brief, about, below))
    number_row(row)


class Number(NamedTuple):
    """One of a row of numbers, what it counts, and an optional text below it."""

    label: str
    value: str
    about: str
    below: str = ""


def number_row(numbers: Sequence[Number]) -> None:
    """Numbers in one row. What each one counts is shown on hover and on tap, and read by a screen
    reader.

    One HTML element, because a row of Streamlit's metrics delays the first screen by 0.05 seconds.
    """
    # The place along the row, from 0 to 1. The style sheet moves the explanation by it, so that it
    # does not leave the page at the right end.
    last = max(len(numbers) - 1, 1)
    row = [_number(number, at / last) for at, number in enumerate(numbers)]
    st.html(f'<dl class="lab-numbers">{"".join(row)}</dl>')


def _number(number: Number, at: float) -> str:
    """`at` is the position of the explanation in the row: 0 is the left end, 1 the right end."""
    label, value, about, below = map(escape, number)
    under = f'<dd class="below">{below}</dd>' if below else ""
    return (
        # tabindex: the explanation opens on focus, so the keyboard and a tap reach it too. dl, dt
        # and dd tell a screen reader which label belongs to which value.
        f'<div tabindex="0"><dt>{label}</dt><dd>{value}</dd>{under}<dd'
        f' class="about" style="--at: {at:.3g}">{about}</dd></div>'
    )


def table(shown: TextTable, label: str) -> None:
    """A table as HTML, without its notes. `label` is its name for a screen reader. The first column
    holds the row headings.

    A table that is too wide scrolls on its own, also with the keyboard. Streamlit's table cannot
    get the focus.
    """
    heads = "".join(
        [
            f'<th scope="col" class="{column.side}">{escape(column.heading)}</th>'
            for column in shown.columns
        ]
    )
    body = "".join(
        [
            f"<tr>{''.join(map(_cell, line, shown.columns, range(len(line))))}</tr>"
            for line in shown.lines
        ]
    )
    st.html(
        f'<div class="lab-table" tabindex="0" role="region" aria-label="{escape(label)}">'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cell(cell: Cell, column: Column, place: int) -> str:
    # The first cell names its row. A screen reader repeats it before each value.
    tag, scope = ("td", "") if place else ("th", ' scope="row"')
    text = "" if cell is None else quantity.exact(cell) if isinstance(cell, int) else str(cell)
    return f'<{tag}{scope} class="{column.side}">{escape(" ".join(text.split()))}</{tag}>'


def view_switch() -> str:
    """How to look at the network. The choice is part of the link."""
    view = state.view("view", VIEWS)
    controls.one_of(
        "View",
        dict(zip(VIEWS, VIEWS, strict=True)),
        view,
        key="view",
        label_visibility="collapsed",
        on_change=state.look,
        args=("view", VIEWS),
    )
    return view


def code(choice: Choice, config: ResNetConfig) -> None:
    """The same network in Python, on the command line and as JSON.

    Lines are wrapped and nothing scrolls, because the keyboard cannot scroll a code block.
    """
    # repr and not `written`: this is Python code, where text needs quotation marks.
    settings = ", ".join(f"{key!r}: {value!r}" for key, value in choice.settings.items())
    network = f'resnet.get("{choice.network}").config'
    expression = f"resnet.with_settings({network}, {{{settings}}})" if settings else network
    python, shell = st.columns(2)
    python.caption("Python")
    program = f"import resnet\n\nconfig = {expression}\nmodel = resnet.build_keras_model(config)"
    python.code(program, language="python", wrap_lines=True)
    shell.caption("Command line")
    shell.code("\n".join(_commands(choice)), language="bash", wrap_lines=True)
    st.caption("A program that needs only Keras, not ResNet Lab")
    st.code(exports.keras_source(config), language="python", wrap_lines=True)
    st.caption("The config, as JSON")
    st.code(config.model_dump_json(indent=2), language="json", wrap_lines=True)


def _commands(choice: Choice) -> list[str]:
    flags = "".join(
        f" --set {shlex.quote(f'{key}={written(value)}')}" for key, value in choice.settings.items()
    )
    network = choice.network + flags
    return [
        f"python -m resnet describe {network}",
        f"python -m resnet draw {network} -o {choice.network}.pdf",
        f"python -m resnet export {network} -o {choice.network}.keras",
        f"python -m resnet train {network} --data digits",
    ]


def scheme() -> Literal["light", "dark"]:
    """Whether the page is light or dark."""
    return "dark" if st.context.theme.type == "dark" else "light"


def plain(sentence: str) -> str:
    """Text that Markdown shows unchanged. What a person typed, or what came with a link, is never
    markup."""
    return "".join(f"\\{sign}" if sign in MARKDOWN_SIGNS else sign for sign in sentence)
