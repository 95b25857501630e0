"""The paper's numbers, and whether one of our results may be compared with them. No I/O.

A number is compared only where network, data set and recipe are the paper's. Otherwise the verdict
gives the reasons.
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
"""Points, over five runs of ResNet-110. The paper gives no other spread, so it is used for its
single runs too."""

TEST_IMAGES = 10_000
RESOLVED = 2.0
"""A comparison is sharp if its interval's half width is at most this many standard errors of the
test set."""

WARMED = {"resnet110", "resnet1202"}


@dataclass(frozen=True, slots=True)
class Published:
    """Error in percent, of the network the catalogue has by this name.

    `sd` is over `runs` runs, None for one run. `best` is the best of several, which the paper
    prints next to the mean.
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
    """`text` is a sentence without its full stop. `difference` is ours minus the paper's, in
    points, or None where the two are not compared."""

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
"""Plain networks on CIFAR-10 are missing: the paper shows them only in figure 6, without
numbers."""


def against_paper(network: ResNetConfig, dataset: str, recipe: Recipe, summary: Summary) -> Verdict:
    """Compare our test error over seeds, in percent, with the paper's mean, by a 95 % interval of
    the difference.

    "off": the interval excludes zero. "reproduces": it includes zero and is narrow enough for
    10,000 test images. "within noise": it includes zero but is too wide to say more. "no claim":
    one seed. Otherwise "not comparable", with the reasons.
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
            f"one seed: {summary.mean:.2f} % (the paper has {_theirs(row)}); no interval, so no"
            " claim"
        )
        return Verdict("no claim", text, apart, None, row)
    half_width = _half_width(row, summary, summary.sd)
    kind = _kind(row, apart, half_width)
    return Verdict(kind, _text(kind, row, apart, half_width), apart, half_width, row)


def _reasons(row: Published, dataset: str, recipe: Recipe) -> list[str]:
    """All reasons why our experiment is not the paper's."""
    if dataset != row.dataset:
        return [f"another data set ({dataset}; the paper's is {row.dataset})"]
    if row.protocol != "test":
        return [f"the paper's is a {row.protocol} error"]
    names = ["he2015_cifar_110"] if row.network in WARMED else ["he2015_cifar"]
    # ResNet-1202 was "trained as described above": with or without warm-up, the paper does not say.
    if row.network == "resnet1202":
        names.append("he2015_cifar")
    papers = [recipes.get(name).recipe for name in names]
    return min([_other_settings(recipe, paper) for paper in papers], key=len)


def _other_settings(recipe: Recipe, paper: Recipe) -> list[str]:
    """The settings that make a recipe another experiment than the paper's. Not counted are the
    seed, bookkeeping, and fields that the paper leaves open. A field that the paper's recipe lacks
    counts."""
    return [
        f"another {role.words}"
        for name, role in roles_of(type(recipe)).items()
        if role.kind == "experiment" and getattr(recipe, name) != getattr(paper, name, None)
    ]


def _half_width(row: Published, summary: Summary, sd: float) -> float:
    """Half the width of the interval around ours minus the paper's. Both are means of a few runs,
    so the degrees of freedom are Welch's.

    Both were tested on the same images, so the standard error of the test set is not added.
    """
    theirs = PAPERS_SD if row.sd is None else row.sd
    # Var[ours − theirs] = sd² / n + sd_paper² / runs: squared standard errors of two means.
    parts = (sd**2 / summary.n, theirs**2 / row.runs)
    # The paper's spread comes from five runs, also where it is used for a single run.
    error, freedom = statistics.pooled(parts, (summary.n, 5))
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
