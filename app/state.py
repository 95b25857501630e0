"""What a visitor has chosen, kept between reruns and pages, and the address bar.

The only file that uses `st.session_state` and `st.query_params`. The chosen network is a draft: its
settings may contradict each other. Then pages draw the last valid one and say in one sentence what
is wrong with the draft.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

import streamlit as st

from resnet.diagram import View
from resnet.errors import ResNetLabError
from resnet.exports import view_from_query, view_query
from resnet.network import catalog
from resnet.network.config import ResNetConfig
from resnet.network.graph import Graph
from resnet.network.link import (
    DEFAULT_NETWORK,
    NETWORK,
    Choice,
    beside_of,
    beside_query,
    difference,
    from_query,
    is_beside,
)

DRAFT, SHOWN, PROBLEM, PUBLISHED = "draft", "shown", "problem", "published"
SECOND, SECOND_PROBLEM = "second", "second_problem"
VIEW = "view_of_network"
# Parameters of the link that say how a network is drawn, and those of other pages. All the rest
# describes the network.
VIEW_KEYS = ("view", "rows", "selected", *View.model_fields)
RUN, CURVE, OF_RUNS = "run", "curve", "address_of_runs"
OTHER_PAGES_KEYS = (RUN, CURVE, "study")
# Seconds in which a browser may still send an address that this page has replaced.
RECENT_S = 5.0
Address = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Shown:
    """The network on the page. `problem` says what is wrong with the draft or the link, if
    anything."""

    choice: Choice
    config: ResNetConfig
    problem: str | None


def draft() -> Choice:
    """The network that the controls describe. On the first run of a visit, or after a change of the
    address, it is read from the link."""
    foreign = {*VIEW_KEYS, *OTHER_PAGES_KEYS}
    parameters = {
        key: value for key, value in st.query_params.to_dict().items() if key not in foreign
    }
    # A person can change the address during a visit: a pasted link, or the Back button. Without
    # this check the page would keep its old network. Without `_ours` it would read its own address
    # as a new link and undo the last change.
    if DRAFT not in st.session_state or (
        parameters and not _ours(frozenset(parameters.items()), st.session_state[PUBLISHED])
    ):
        _arrive(parameters)
    choice: Choice = st.session_state[DRAFT]
    return choice


def shown() -> Shown:
    """The draft if it is valid, else the last valid one, with the reason."""
    choice = draft()
    try:
        config = choice.config()
    except ResNetLabError as error:
        # The controls keep the draft, so the person can go on with a second setting that makes it
        # valid again: two settings often have to change together.
        last: Choice = st.session_state[SHOWN]
        return Shown(last, last.config(), str(error))
    # Kept at each valid draft; this is "the last valid one".
    st.session_state[SHOWN] = choice
    return Shown(choice, config, st.session_state.get(PROBLEM))


def choose(choice: Choice) -> None:
    """Replace the draft. Settings equal to the catalogue's are dropped."""
    st.session_state[DRAFT] = _tidy(choice)
    st.session_state.pop(PROBLEM, None)


def _tidy(choice: Choice) -> Choice:
    try:
        return Choice(
            choice.network, difference(catalog.get(choice.network).config, choice.config())
        )
    except ResNetLabError:
        return choice


def change(key: str, value: Any) -> None:
    """Set one field of the draft, by its dotted key."""
    choice = draft()
    choose(Choice(choice.network, {**choice.settings, key: value}))


def second() -> Shown:
    """The second network: the one that the link or the visitor named, else the twin of the
    first."""
    first = shown().choice
    if SECOND not in st.session_state:
        _second_arrives()
    # None means "the twin": it follows the first network when that one changes.
    named: Choice | None = st.session_state[SECOND]
    if named:
        return Shown(named, named.config(), st.session_state.get(SECOND_PROBLEM))
    twin = _twin(first)
    try:
        return Shown(twin, twin.config(), st.session_state.get(SECOND_PROBLEM))
    except ResNetLabError as error:
        published = Choice(twin.network)
        sentence = (
            f"The twin of this network is not possible, so {published.network} is shown as"
            f" published. {error}"
        )
        return Shown(published, published.config(), sentence)


def choose_second(choice: Choice | None) -> None:
    """Set the second network. None means the twin of the first."""
    st.session_state[SECOND] = choice and _tidy(choice)
    st.session_state.pop(SECOND_PROBLEM, None)


def _second_arrives() -> None:
    st.session_state[SECOND] = None
    try:
        st.session_state[SECOND] = beside_of(st.query_params.to_dict())
    # A setting such as norm.last_gamma needs shortcuts. Such a network has no valid plain twin.
    except ResNetLabError as error:
        st.session_state[SECOND_PROBLEM] = (
            f"The link's second network could not be read, so the twin is shown. {error}"
        )


def _twin(choice: Choice) -> Choice:
    """The same network with its shortcuts removed or restored."""
    kind: catalog.Kind = "resnet" if choice.config().shortcut == "none" else "plain"
    settings = {key: value for key, value in choice.settings.items() if key != "shortcut"}
    # The catalogue's name if there is one, plain20 for resnet20: it is easier to read than a
    # setting.
    twin = catalog.twin(choice.network, kind)
    if twin is None and kind == "plain":
        settings["shortcut"] = "none"
    return Choice(twin or choice.network, settings)


def publish(choice: Choice, beside: Choice | None = None) -> None:
    """Write one or both networks and the view into the address bar, so that a copied address shows
    the same page."""
    # Without the view: `draft` compares only the parameters of networks.
    wanted = choice.to_query() | (beside_query(beside) if beside else {})
    st.session_state[PUBLISHED][frozenset(wanted.items())] = time.monotonic()
    wanted |= {key: value for key, value in st.session_state[VIEW].items() if value}
    # Each assignment sends a message to the browser and adds an entry to its history.
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)


def seed(key: str, value: Any) -> str:
    """Make the widget with this key show `value`. Nothing is changed if it already does, so that
    typing is not interrupted.

    Give the widget the same value as its default. Streamlit sends a value from here only once. If a
    rerun overtakes that message, a busy browser shows the default and reports it as if a person had
    typed it.
    """
    # A widget that was not drawn has lost its value in Streamlit. This gives it back before the
    # widget is drawn again.
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value
    return key


def read(key: str, default: Any = None) -> Any:
    """The value of a widget, or of anything remembered."""
    return st.session_state.get(key, default)


def remember(key: str, value: Any) -> None:
    """Keep something for the rest of the visit."""
    st.session_state[key] = value


def forget(key: str) -> None:
    """Drop what was remembered."""
    st.session_state.pop(key, None)


def remembered(key: str, make: Callable[[], Any]) -> Any:
    """The remembered value. It is made first if there is none."""
    if key not in st.session_state:
        st.session_state[key] = make()
    return st.session_state[key]


def view(key: str, allowed: tuple[str, ...]) -> str:
    """One setting of the view, from the link or the visitor's last choice; else the first allowed
    value."""
    value = st.session_state[VIEW].get(key)
    return value if value in allowed else allowed[0]


def look(key: str, allowed: tuple[str, ...]) -> None:
    """Take the setting of the view from the widget with the same key."""
    see(key, st.session_state[key], allowed)


def see(key: str, value: str, allowed: tuple[str, ...]) -> None:
    """Set one setting of the view. The first allowed value is not written to the link."""
    st.session_state[VIEW] = {**st.session_state[VIEW], key: None if value == allowed[0] else value}


def done(component: str) -> dict[str, Any]:
    """The last action of a person in one of our components. Empty if the component is gone."""
    # The component may be gone: another view or page was opened between the click and this
    # callback.
    act = st.session_state[component].get("act") if component in st.session_state else None
    return act if isinstance(act, dict) else {}


def drawing_view(*graphs: Graph) -> View:
    """How the drawing of these networks is folded, styled and coloured. The page format is a choice
    of the export.

    A link, or another page, may have opened boxes that these networks do not have. Those are left
    out here. They stay in the address, so that they are open again when the visitor goes back to a
    network that has them.
    """
    view = _said_view().model_copy(update={"page": "free"})
    return view.within(*graphs) if graphs else view


def page_of_link() -> str:
    """The page format in the link, if the link comes from an exported figure."""
    return _said_view().page


def _said_view() -> View:
    return view_from_query({key: value for key, value in st.session_state[VIEW].items() if value})


def colour(allowed: tuple[str, ...]) -> str:
    """What the colour of the boxes shows: the choice of the link or the visitor, else the first
    allowed."""
    chosen = st.session_state[VIEW].get("colour")
    return chosen if chosen in allowed else allowed[0]


def draw_as(view: View) -> None:
    """Change how the network is drawn. The change becomes part of the link."""
    parameters = view_query(view)
    # The colour has another list of values on the Compare page, and the page format belongs to the
    # export. Both are kept as they are.
    fields = [key for key in View.model_fields if key not in ("colour", "page")]
    st.session_state[VIEW] = {
        **st.session_state[VIEW],
        # A field at its default is not in `parameters`; None removes it from the link.
        **{key: parameters.get(key) for key in fields},
    }


def selected_box() -> str:
    """The box whose details are shown, or ""."""
    return st.session_state[VIEW].get("selected") or ""


def select_box(name: str | None) -> None:
    """Keep the selected box; it becomes part of the link."""
    st.session_state[VIEW] = {**st.session_state[VIEW], "selected": name}


def selected_run() -> str | None:
    """The run a link names."""
    return st.query_params.get(RUN)


def arrived(key: str) -> list[str]:
    """All values of RUN or CURVE in a link to the Runs page. They are returned once; an address
    that the page wrote itself gives none."""
    # A query may name several curves: ?curve=a&curve=b.
    values = st.query_params.get_all(key)
    published, address = remembered(OF_RUNS, dict), frozenset(product([key], values))
    if not values or _ours(address, published):
        return []
    published[address] = time.monotonic()
    return values


def address_runs(key: str, names: list[str]) -> None:
    """Write the RUN, or each CURVE, into the address of the Runs page, and nothing else."""
    # An empty list would remove the key, and the link would then mean "the newest runs". One empty
    # value means "none chosen".
    now, wanted = (
        {name: st.query_params.get_all(name) for name in st.query_params},
        {key: names or [""]},
    )
    for name, values in (
        *now.items(),
        *wanted.items(),
    ):  # a busy browser may still send the old address
        remembered(OF_RUNS, dict)[frozenset(product([name], values))] = time.monotonic()
    if now != wanted:
        st.query_params.from_dict(wanted)


def selected_study() -> str | None:
    """The study a link names."""
    return st.query_params.get("study")


def select_study(name: str | None) -> None:
    """Write the study on the page into the address bar. None removes it from there."""
    if name is None:
        st.query_params.pop("study", None)
    elif st.query_params.get("study") != name:
        st.query_params["study"] = name


def _arrive(parameters: dict[str, str]) -> None:
    try:
        # The second network's parameters are read later, by `_second_arrives`: only the Compare
        # page needs them.
        of_first = {key: value for key, value in parameters.items() if not is_beside(key)}
        choice = from_query(of_first) if NETWORK in of_first else Choice(DEFAULT_NETWORK)
    except ResNetLabError as error:
        st.session_state[PROBLEM] = (
            f"The link could not be read, so {DEFAULT_NETWORK} is shown. {error}"
        )
        choice = Choice(DEFAULT_NETWORK)
    st.session_state[DRAFT] = st.session_state[SHOWN] = choice
    # A link says everything, so the view and the second network of the visit before are dropped.
    st.session_state[VIEW] = _view_of_link()
    for key in (SECOND, SECOND_PROBLEM):
        st.session_state.pop(key, None)
    st.session_state[PUBLISHED] = {frozenset(parameters.items()): time.monotonic()}


def _view_of_link() -> dict[str, str | None]:
    parameters = {key: st.query_params.get(key) for key in VIEW_KEYS}
    try:
        view_from_query({key: value for key, value in parameters.items() if value})
    except ResNetLabError as error:
        st.session_state[PROBLEM] = (
            f"The link's view settings could not be read, so the default view is shown. {error}"
        )
        # All fields of the view together: they were refused as one, and it is not known which one
        # was wrong.
        parameters |= dict.fromkeys(View.model_fields)
    return parameters


def _ours(address: Address, published: dict[Address, float]) -> bool:
    """Whether this page wrote that address. During a drag the browser may still send an address
    that is a moment old. A much older address comes from a link or from the Back button."""
    # Ours are: the address written last, and older ones only for a few seconds.
    last = max(published, key=published.__getitem__, default=None)
    return address == last or time.monotonic() - published.get(address, -RECENT_S) < RECENT_S
