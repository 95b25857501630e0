"""Why losses differ, in sentences: one for the parts of each loss, and one for each difference. The
rounded numbers of a sentence add up."""

from typing import NamedTuple

from resnet.why_loss.losses import Explanation, LossDifference, LossRow, Observed

# Decimals of all losses in sentences and tables.
DIGITS = 3
MOVED = "how the penalties had changed by then"


class Printed(NamedTuple):
    """The printed numbers of a row, in nats; None is unknown.

    Sums and differences are calculated from rounded numbers, so that they add up for the reader.
    """

    start: float | None
    chance: float | None
    predicted: float | None
    first: float | None
    penalty: float | None
    data_loss: float | None


def printed(row: LossRow) -> Printed:
    """A row, rounded. Recorded numbers are only rounded; the total, or an estimated data loss, is
    calculated from the rounded numbers."""
    start, chance = _rounded(row.start.total if row.start else None), _rounded(row.chance)
    first, beneath, data_loss = _rounded(row.first), _rounded(row.penalty), _rounded(row.data_loss)
    predicted = None if start is None or chance is None else round(start + chance, DIGITS)
    if beneath is None or data_loss is None or first is None:
        return Printed(start, chance, predicted, first, beneath, data_loss)
    # A recorded loss is a fact, so it stays as it is; the estimated rest takes up the rounding.
    if row.beneath == "estimated":
        data_loss = round(first - beneath, DIGITS)
    return Printed(start, chance, predicted, round(beneath + data_loss, DIGITS), beneath, data_loss)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)


def sentences(explanation: Explanation) -> tuple[str, ...]:
    """One sentence for each item, then one for each difference."""
    known = [row for row in explanation.rows[1:] if row.start]  # those that `explain` could compare
    pairs = zip(explanation.differences, known, strict=False)
    return (
        *map(_row_words, explanation.rows),
        *[_difference_words(each, explanation.rows[0], row) for each, row in pairs],
    )


def _row_words(row: LossRow) -> str:
    """One item in one sentence."""
    says = printed(row)
    if says.first is None:
        return (
            f"{row.item.label}: no loss is recorded and its weight decay is unknown, so its loss"
            " cannot be explained."
        )
    head = f"{row.item.label}: {_first_words(row)} {says.first:.3f}"
    if says.penalty is None or says.data_loss is None or not row.start:
        who = "its network is unknown" if row.item.config is None else "its λ is unknown"
        # How large λ would have to be, if the data loss were at chance level. A person may
        # recognise the number.
        hint = (
            f"; {row.implied:.3g} · Σw² over its convolutions would explain it"
            if row.implied
            else ""
        )
        inside = (
            f", {says.first / says.chance:.1f} times the chance-level loss" if says.chance else ""
        )
        if says.chance and says.first <= says.chance:
            hint = (
                "; it is not above the chance-level loss, so the network had learnt something by"
                " then, or the loss includes no penalty"
            )
        return f"{head}{inside}; {who}, so its penalty is unknown{hint}."
    # A cross-entropy is never below 0, so the stated λ or its meaning is wrong.
    if says.data_loss < 0:
        return f"{head}, less than the penalty of {says.penalty:.3f} that its λ gives; check λ."
    weights = f"{row.start.factor:g} · Σw² over {row.start.output_channels:,} output channels"
    share = f"{says.penalty:.3f} ({100 * (row.share or 0):.0f} %)"
    rest = f"{says.data_loss:.3f} the data loss ({row.beneath}; chance level {says.chance:.3f})"
    drawn = (
        ""
        if row.item.measured is None
        else f" ({row.item.measured:.3f} for its own initial weights)"
    )
    if row.beneath == "recorded":
        moved = f"{round(says.penalty - (says.start or 0), DIGITS):+.3f}".replace("-", "−")
        by_then = (
            f"{moved} from the random initial weights"
            if row.item.course[0].before_training
            else f"{moved} from its change by then"
        )
        apart = (
            f"{share} is the L2 penalty and {rest}; the penalty is {says.start:.3f}{drawn} before"
            " training, "
        )
        apart += f"{weights}, and {by_then}"
    elif row.beneath == "estimated":
        apart = (
            f"{share} is the L2 penalty, if it has not changed since the start{drawn}, {weights},"
            f" and {rest}"
        )
    else:
        apart = f"{share} is the L2 penalty{drawn}, {weights}, and {rest}"
    off = f"; predicted before training {says.predicted:.3f}" if row.item.course else ""
    return f"{head}, of which {apart}{off}{_course_words(row)}."


def _first_words(row: LossRow) -> str:
    """The words before the number of the first loss."""
    if not row.item.course:
        return "should begin at"
    what = _stretch(row.item.course[0])
    return f"its first record, {what}, is" if what else "its first record is"


def _stretch(record: Observed) -> str:
    """The steps or the epoch of a record, as far as known."""
    # A record of several steps is a mean over them, and mostly lower than the loss of the first
    # step alone.
    if record.since is not None and record.since + 1 < record.at:
        return f"the mean of steps {record.since + 1:,.0f} to {record.at:,.0f}"
    if record.along == "epoch":
        return f"the mean of epoch {record.at:g}"
    return f"of step {record.at:,.0f}" if record.along == "step" else ""


def _course_words(row: LossRow) -> str:
    """How the loss changed until the last record."""
    last = row.item.course[-1] if len(row.item.course) > 1 else None
    if not last or last.total is None or row.first is None or row.data_loss is None:
        return ""
    place = f"{last.at:,.0f}" if last.along == "step" else f"{last.at:g}"
    when = f"; by {last.along} {place} "
    if last.data_loss is not None and last.l2_penalty is not None:
        return f"{when}the penalty is {last.l2_penalty:.3f} and the data loss {last.data_loss:.3f}"
    fell = row.first - last.total
    # A data loss cannot fall below 0. If the total fell by more, the rest was penalty.
    shrunk = round(fell - row.data_loss, DIGITS)
    bound = f", of which at least {shrunk:.3f} is the penalty shrinking" if shrunk > 0 else ""
    return f"{when}the total {'fell' if fell >= 0 else 'rose'} by {abs(fell):.3f}{bound}"


def _difference_words(difference: LossDifference, base: LossRow, row: LossRow) -> str:
    """One difference in one sentence: each cause that is not 0 in three decimals, with its sign,
    and their sum."""
    causes = {"another λ": difference.by_factor}
    for part, amount in difference.by_part.items():
        more = (
            f" ({difference.channels[part]:+,} output channels)"
            if part in difference.channels
            else ""
        )
        causes[f"the {part} weights{more}"] = amount
    recorded = difference.compares == "first records"
    drawn = all(one.item.course and one.item.course[0].before_training for one in (base, row))
    # An estimated data loss is the total minus the penalty of the start. So it also contains what
    # the penalty changed until then.
    guessed = recorded and "estimated" in (base.beneath, row.beneath)
    causes["the random initial weights" if drawn else MOVED] = difference.by_drift
    causes[f"the data loss and {MOVED}" if guessed else "the data loss"] = difference.by_data_loss
    rounded = {cause: round(amount, DIGITS) for cause, amount in causes.items()}
    total = round(sum(rounded.values()), DIGITS)
    terms = [f"{amount:+.3f} from {cause}" for cause, amount in rounded.items() if amount]
    way = f"{abs(total):.3f} {'higher' if total > 0 else 'lower'} than" if total else "as high as"
    why = ", ".join(terms).replace("-", "−") or "nothing"
    begins = f"{row.item.label} should begin {way} {base.item.label}"
    if recorded:
        begins = (
            f"The first record of {row.item.label} is {way} that of"
            f" {base.item.label}{_stretches(base, row)}"
        )
    return f"{begins}: {why}; only the data loss shows which network learns better."


def _stretches(base: LossRow, row: LossRow) -> str:
    """The steps of both records, where they differ."""
    of_row = _stretch(row.item.course[0]) or "unknown steps"
    of_base = _stretch(base.item.course[0]) or "unknown steps"
    return "" if of_row == of_base else f" ({of_row}, against {of_base})"
