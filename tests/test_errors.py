"""One sentence each: the rule, what was received, a way out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resnet import errors
from resnet.errors import LONGEST_ECHO, ResNetLabError, UnknownNameError, echo


def test_one_tree_so_that_one_except_catches_all() -> None:
    kinds = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and kind.__module__ == errors.__name__
    ]
    assert len(kinds) == 6
    assert all(issubclass(kind, ResNetLabError) for kind in kinds)


def test_the_docstring_draws_the_whole_tree() -> None:
    for kind in ResNetLabError.__subclasses__():
        assert kind.__name__ in (errors.__doc__ or "")


@given(st.text() | st.integers() | st.floats() | st.binary() | st.lists(st.text()))
def test_what_was_received_fits_on_a_line(value: object) -> None:
    assert "\n" not in echo(value)
    assert len(echo(value)) <= LONGEST_ECHO + 3


def test_what_was_cut_shows_that_it_was() -> None:
    """Would catch a long path quoted as if it ended in the middle."""
    assert echo("x" * 60) == repr("x" * 60)
    assert echo("x" * 61).endswith("…")
    assert echo("x" * 10**7) == echo("x" * 61)


@pytest.mark.parametrize(
    "name", ["resnt50", "<script>alert(1)</script>", "a\nb", "x" * 10**7, 50, None]
)
def test_an_unknown_name_is_one_line_with_a_way_out(name: object) -> None:
    message = str(UnknownNameError("network", name, ["resnet50", "plain18"]))
    assert message.startswith("There is no network ")
    assert "\n" not in message
    assert "did you mean 'resnet50'?" in message or "known: resnet50, plain18." in message


def test_where_nothing_is_known_it_says_so() -> None:
    assert str(UnknownNameError("run", "x", [])) == "There is no run 'x'; known: none yet."
