"""What the paper reports, and whether a result of ours may be held against it. No I/O.

A number is compared only where network, data set and recipe are the paper's; otherwise it is said
why not.
"""

from dataclasses import dataclass
from typing import Literal

from resnet.network import catalog
from resnet.network.catalog import HE_2015
from resnet.network.config import ResNetConfig
from resnet.recipes import recipes
from resnet.recipes.recipe import Recipe
from resnet.recipes.role import roles_of
from resnet.results import statistics
from resnet.results.arms import plus_minus
from resnet.results.statistics import Summary

VerdictKind = Literal["reproduces", "within noise", "off", "no claim", "not comparable"]
Protocol = Literal["test", "10-crop top-1 validation"]

PAPERS_SD = 0.16
"""Points, over five runs of ResNet-110: the only spread the paper gives, so it stands in for its
single runs too."""

TEST_IMAGES = 10_000
RESOLVED = 2.0
"""A comparison is sharp where its interval reaches no further than so many standard errors of the
test set."""

WARMED = {"resnet110", "resnet1202"}


@dataclass(frozen=True, slots=True)
class Published:
    """Error in percent, of the network the catalogue has by this name.

    `sd` is over `runs` runs and None for one; `best` is the best of several, as the paper prints it
    beside the mean.
    """

    network: str
    dataset: str
    error: float
    source: str
    protocol: Protocol = "test"
    runs: int = 1
    sd: float | None = None
    best: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`text` is a sentence without its point; `difference` is ours minus the paper's, in points,
    where compared."""

    kind: VerdictKind
    text: str
    difference: float | None = None
    half_width: float | None = None
    published: Published | None = None


def _cifar(name: str, error: float, runs: int = 1, **spread: float) -> Published:
    return Published(name, "cifar10", error, f"{HE_2015}, Table 6", "test", runs, **spread)


def _imagenet(name: str, error: float, table: str) -> Published:
    return Published(name, "imagenet", error, f"{HE_2015}, {table}", "10-crop top-1 validation")


PUBLISHED = {
    row.network: row
    for row in (
        _cifar("resnet20", 8.75),
        _cifar("resnet32", 7.51),
        _cifar("resnet44", 7.17),
        _cifar("resnet56", 6.97),
        _cifar("resnet110", 6.61, runs=5, sd=PAPERS_SD, best=6.43),
        _cifar("resnet1202", 7.93),
        _imagenet("plain18", 27.94, "Table 2"),
        _imagenet("plain34", 28.54, "Table 2"),
        _imagenet("resnet34", 24.52, "Table 3, option B"),
    )
}
"""The plain networks on CIFAR-10 stand only in a figure (6, left), without numbers, so they are not
here."""


def against_paper(network: ResNetConfig, dataset: str, recipe: Recipe, summary: Summary) -> Verdict:
    """Our test error over seeds, in percent, beside the paper's mean, with a 95 % interval of their
    difference.

    "off": the interval leaves out zero. "reproduces": it holds zero, and is sharp for 10,000 test
    images. "within noise": it holds zero, but is too wide to say more. "no claim": one seed. Else
    "not comparable", and why.
    """
    entry = catalog.find(network)
    row = PUBLISHED.get(entry.name) if entry else None
    if row is None:
        known = dataset in {one.dataset for one in PUBLISHED.values()}
        what = "for this network" if known else f"on {dataset}"
        return Verdict("not comparable", f"not compared: the paper reports no error {what}")
    if reasons := _reasons(row, dataset, recipe):
        return Verdict(
            "not comparable", f"not compared with the paper's {_theirs(row)}: {', '.join(reasons)}"
        )
    apart = summary.mean - row.error
    if summary.sd is None:
        text = (
            f"one seed: {summary.mean:.2f} % beside the paper's {_theirs(row)}; no interval, so no"
            " claim"
        )
        return Verdict("no claim", text, apart, None, row)
    half_width = _half_width(row, summary, summary.sd)
    kind = _kind(row, apart, half_width)
    return Verdict(kind, _text(kind, row, apart, half_width), apart, half_width, row)


def _reasons(row: Published, dataset: str, recipe: Recipe) -> list[str]:
    """Everything that makes ours another experiment."""
    if dataset != row.dataset:
        return [f"another data set ({dataset}; the paper's is {row.dataset})"]
    if row.protocol != "test":
        return [f"the paper's is a {row.protocol} error"]
    names = ["he2015_cifar_110"] if row.network in WARMED else ["he2015_cifar"]
    if (
        row.network == "resnet1202"
    ):  # "trained as described above": the paper does not say which of the two
        names.append("he2015_cifar")
    papers = [recipes.get(name).recipe for name in names]
    return min([_other_settings(recipe, paper) for paper in papers], key=len)


def _other_settings(recipe: Recipe, paper: Recipe) -> list[str]:
    """What makes a recipe another experiment than the paper's. Fields that the paper leaves open,
    bookkeeping and the seed do not; any other field does, one that the paper's recipe lacks too."""
    return [
        f"another {role.words}"
        for name, role in roles_of(type(recipe)).items()
        if role.kind == "experiment" and getattr(recipe, name) != getattr(paper, name, None)
    ]


def _half_width(row: Published, summary: Summary, sd: float) -> float:
    """Of the interval around ours minus the paper's: both are means of a few runs, with Welch's
    degrees of freedom.

    The test images are the same in both, so their own standard error is not added.
    """
    theirs = PAPERS_SD if row.sd is None else row.sd
    parts = (sd**2 / summary.n, theirs**2 / row.runs)
    error, freedom = statistics.pooled(
        parts, (summary.n, 5)
    )  # five runs are behind the paper's spread
    return statistics.t_quantile(0.95, freedom) * error


def _kind(row: Published, apart: float, half_width: float) -> VerdictKind:
    if abs(apart) > half_width:
        return "off"
    sharp = half_width <= RESOLVED * statistics.error_standard_error(row.error, TEST_IMAGES)
    return "reproduces" if sharp else "within noise"


def _text(kind: VerdictKind, row: Published, apart: float, half_width: float) -> str:
    points = plus_minus(abs(apart), half_width)
    if kind == "off":
        return (
            f"off by {points} points, {'better' if apart < 0 else 'worse'} than the paper's"
            f" {_theirs(row)}"
        )
    if kind == "reproduces":
        return f"reproduces the paper's {_theirs(row)} ({points} points apart)"
    return (
        f"within noise of the paper's {_theirs(row)} ({points} points apart: more seeds would tell)"
    )


def _theirs(row: Published) -> str:
    if row.sd is None:
        return f"{row.error:.2f} %"
    return f"{row.error:.2f} ± {row.sd:.2f} % over {row.runs} runs"
