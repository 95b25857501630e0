"""Results to elements on the page. What is computed comes in; nothing here computes or
remembers."""

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
    "binary": "cats or dogs",
}
MARKDOWN_SIGNS = "\\`*_{}[]<>()#+-.!|$:~"
TABLE_HEIGHT = 560


def title(config: ResNetConfig) -> str:
    """ResNet-56 or Plain-56, as the paper writes them."""
    return f"{'Plain' if config.shortcut == 'none' else 'ResNet'}-{config.depth}"


def summary(choice: Choice) -> str:
    """The catalogue's name and what is changed."""
    changes = [f"{key} = {written(value)}" for key, value in choice.settings.items()]
    return (
        ", ".join([f"{choice.network} with {changes[0]}", *changes[1:]])
        if changes
        else choice.network
    )


def heading(choice: Choice, config: ResNetConfig) -> None:
    """The network's name, where it comes from, and what was changed since."""
    entry = catalog.get(choice.network)
    st.header(f"{title(config)} · {FAMILY_TITLES[entry.family]}", anchor=False)
    st.caption(f"{plain(summary(choice))} · {entry.source}")


def problem(sentence: str | None) -> None:
    """What is wrong with the controls or the link; the rest of the page goes on."""
    if sentence:
        st.warning(plain(sentence), icon=":material/error:")


def network_line(network: Network, choice: Choice) -> None:
    """The network in one line, on pages that are about something else."""
    parameters, macs = network.metrics.trainable_params, network.metrics.macs
    facts = f"{quantity.exact(parameters)} parameters · {quantity.short(macs)} MACs an image"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{plain(summary(choice))} · {facts}", width="content")
        st.page_link(pages.ARCHITECTURE, label="Change the network", query_params=choice.to_query())


def numbers(network: Network) -> None:
    """The numbers of a network in one row, each with its convention on hover."""
    whole = network.metrics.receptive_field >= max(network.config.input_shape[:2])
    row = []
    for key, number in NUMBERS.items():
        value = getattr(network.metrics, key)
        exact, brief = number.exact(value), number.brief(value)
        # Where the short form drops digits, the exact value stands in the explanation.
        about = f"{exact}. {number.convention}" if brief != exact else number.convention
        below = "whole image" if key == "receptive_field" and whole else ""
        row.append(Number(number.short, brief, about, below))
    number_row(row)


class Number(NamedTuple):
    """One of a row of numbers, what it counts, and what stands below it, if anything."""

    label: str
    value: str
    about: str
    below: str = ""


def number_row(numbers: Sequence[Number]) -> None:
    """Numbers in one row, each with what it counts on hover, on tap and for a screen reader.

    One element of HTML: a row of Streamlit's own metrics costs the first screen a twentieth of a
    second.
    """
    last = max(len(numbers) - 1, 1)
    row = [_number(number, at / last) for at, number in enumerate(numbers)]
    st.html(f'<dl class="lab-numbers">{"".join(row)}</dl>')


def _number(number: Number, at: float) -> str:
    """`at` says how far right in the row its explanation stands: 0 at its left end, 1 at its
    right."""
    label, value, about, below = map(escape, number)
    under = f'<dd class="below">{below}</dd>' if below else ""
    return (
        f'<div tabindex="0"><dt>{label}</dt><dd>{value}</dd>{under}<dd'
        f' class="about" style="--at: {at:.3g}">{about}</dd></div>'
    )


def table(shown: TextTable, label: str) -> None:
    """A table as quiet HTML, its notes left out: `label` names it to a screen reader, the first
    column heads each line.

    Where it is too wide it scrolls in itself, which the keyboard can do too; Streamlit's own table
    takes no focus.
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
    tag, scope = ("td", "") if place else ("th", ' scope="row"')
    text = "" if cell is None else quantity.exact(cell) if isinstance(cell, int) else str(cell)
    return f'<{tag}{scope} class="{column.side}">{escape(" ".join(text.split()))}</{tag}>'


def view_switch() -> str:
    """Which way to look at the network; part of the link."""
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
    """The same network elsewhere: in Python, on the command line, as JSON.

    Lines are wrapped and all of them stand on the page: what scrolls in itself here is out of a
    keyboard's reach.
    """
    settings = ", ".join(f"{key!r}: {value!r}" for key, value in choice.settings.items())
    network = f'resnet.get("{choice.network}").config'
    made = f"resnet.with_settings({network}, {{{settings}}})" if settings else network
    python, shell = st.columns(2)
    python.caption("Python")
    program = f"import resnet\n\nconfig = {made}\nmodel = resnet.build_keras_model(config)"
    python.code(program, language="python", wrap_lines=True)
    shell.caption("Command line")
    shell.code("\n".join(_commands(choice)), language="bash", wrap_lines=True)
    st.caption("Keras alone: this program needs nothing of ResNet Lab")
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
    """Whether the page is light or dark now."""
    return "dark" if st.context.theme.type == "dark" else "light"


def plain(sentence: str) -> str:
    """Text that Markdown shows unchanged: what a person typed or a link held is never markup."""
    return "".join(f"\\{sign}" if sign in MARKDOWN_SIGNS else sign for sign in sentence)
