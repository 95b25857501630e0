"""check: what is wrong, unfair or unusual about a network, a recipe, runs or an imported
training."""

import contextlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from resnet import bounded, data
from resnet.checks import rules, sources
from resnet.checks.imported import of_import
from resnet.checks.rules import Conformity, Facts, Finding
from resnet.cli.options import AsJson, Runs
from resnet.data import DatasetFacts
from resnet.errors import ConfigError, ResNetLabError, RunError, UnknownNameError, echo
from resnet.guards import guard
from resnet.imports.curve_tables import MOST_CELLS
from resnet.imports.imported import IMPORTS, ImportedCurve, read_curve, read_imports
from resnet.network import catalog
from resnet.network.config import ResNetConfig
from resnet.recipes import recipes
from resnet.recipes.recipe import Recipe
from resnet.runs import Run, RunSpec, Store
from resnet.runs.directory import SPEC
from resnet.runs.spec import RUN_ID
from resnet.runs.store import DEFAULT_ROOT
from resnet.studies import checked, compared
from resnet.studies.plan import study_files
from resnet.studies.plan.study import Study, arms_of, specs_of
from resnet.studies.planning import Step, steps_of

What = Annotated[
    list[str],
    typer.Argument(
        metavar="RUN|NAME|FILE…",
        help=(
            "Runs, networks, recipes or imported curves by name; files of a study (YAML, JSON), of"
            " a spec, recipe, network, imported curve or facts (JSON), or a curve (CSV). Several"
            " are compared."
        ),
    ),
]


class Target(NamedTuple):
    """Facts to check, and the parts that can be compared with the paper. `spec` is that of a run
    outside a study. `comparison` is a study's one-factor sentence, stored with its first run."""

    facts: Facts
    network: ResNetConfig | None = None
    recipe: Recipe | None = None
    dataset: DatasetFacts | None = None
    comparison: str | None = None
    spec: RunSpec | None = None


def register(app: typer.Typer) -> None:
    app.command("check")(check)


def check(what: What, runs: Runs = DEFAULT_ROOT, as_json: AsJson = False) -> None:
    """What is wrong, unfair or unusual about a training or a comparison, each with its reason,
    source and way out."""
    targets = _beside([target for word in what for target in targets_of(word, runs)])
    findings = rules.check(*[target.facts for target in targets])
    paper = {target.facts.called: result for target in targets if (result := conformity(target))}
    comparisons = [target.comparison for target in targets if target.comparison]
    if as_json:
        print(json.dumps(record(findings, paper) | {"comparisons": comparisons}, indent=2))
        return
    print("\n".join([_headline(findings), *comparisons]))
    for finding in findings:
        print(f"\n{_text(finding)}")
    for name, result in paper.items():
        print(f"\n{name}: {result.sentence}")


def targets_of(word: str, runs: Path) -> list[Target]:
    """The targets of a word on the command line. Raises ConfigError, RunError or
    UnknownNameError."""
    path = Path(word)
    # A run's id first, but a file of this name wins: a person may have copied the folder of a run.
    if RUN_ID.fullmatch(word) and not path.exists():
        return [_of_run(Store(runs).get(word))]
    if path.is_dir() and (path / SPEC).exists():
        return [_of_run(Run(path.absolute()))]
    if path.is_file():
        return _of_file(path, runs)
    # Networks before recipes and imported curves: their names are fixed, and a curve may have any
    # name.
    if word in catalog.names():
        network = catalog.get(word).config
        return [Target(sources.of_network(network, word), network)]
    if word in recipes.names():
        return [_of_recipe(recipes.get(word))]
    imports = read_imports(runs / IMPORTS)
    if curve := imports.find(word):
        return [Target(of_import(curve))]
    # All names that would have been accepted, so that the error can propose the nearest one.
    known = [*catalog.names(), *recipes.names(), *imports.names]
    raise UnknownNameError("run, network, recipe, imported curve or file", word, known)


def conformity(target: Target) -> Conformity | None:
    """How far a CIFAR network, or a recipe alone, follows the paper's section 4.2; None for other
    targets."""
    # The paper's section 4.2 is about CIFAR-10 only.
    if target.network is not None and target.network.stem != "cifar":
        return None
    if target.network is None and target.recipe is None:
        return None
    return rules.follows(target.recipe, target.network, target.dataset)


def record(findings: tuple[Finding, ...], paper: dict[str, Conformity]) -> dict[str, Any]:
    """The output of `--json`."""
    rows = []
    for finding in findings:
        rule = rules.get(finding.rule)
        rows.append(
            {**asdict(finding), "title": rule.title, "subject": rule.subject}
            | {"reason": rule.reason, "source": rule.source}
        )
    follows = {}
    for name, conformity in paper.items():
        points = [point._asdict() for point in conformity.points]
        follows[name] = {"sentence": conformity.sentence, "points": points}
    return {"findings": rows, "follows": follows}


def _of_run(run: Run) -> Target:
    if (spec := run.spec) is None:
        raise RunError(f"The check of a run needs its spec; {run.damage}")
    target = _of_spec(spec, run.id)
    records, _ = run.metrics()
    # A fork began with trained weights. A comparison has to know it.
    continued, cause = run.parent is not None, run.state().cause
    return target._replace(
        facts=sources.of_run(target.facts, records, continued=continued, cause=cause)
    )


def _of_spec(spec: RunSpec, name: str = "") -> Target:
    dataset = _dataset(spec.dataset, spec.data_folder)
    return Target(
        sources.of_spec(spec, dataset, name), spec.config, spec.recipe, dataset, spec=spec
    )


def _beside(targets: list[Target]) -> list[Target]:
    """Add to runs outside a study what each changes, compared with the first run."""
    runs = [(target.facts, target.spec) for target in targets if target.spec]
    if len(runs) < 2:
        return targets
    facts = iter(checked.beside([each for each, _ in runs], [spec for _, spec in runs]))
    return [target._replace(facts=next(facts)) if target.spec else target for target in targets]


def _of_recipe(entry: recipes.Entry) -> Target:
    """A recipe, with the network and the data set that it was written for."""
    network, dataset = catalog.get(entry.network).config, _dataset(entry.dataset)
    # The catalogue's network has the classes of its paper. A run would have those of the data set.
    network = data.fit_config(network, dataset) if dataset else network
    spec = RunSpec(
        network=entry.network, config=network, recipe=entry.recipe, dataset=entry.dataset
    )
    return Target(sources.of_spec(spec, dataset, entry.name), network, entry.recipe, dataset)


def _dataset(name: str, folder: str = data.DEFAULT_FOLDER) -> DatasetFacts | None:
    """The facts of the images, or None where this machine does not have them."""
    with contextlib.suppress(ResNetLabError):
        return data.facts(name, folder)
    return None


def _of_study(study: Study, runs: Path) -> list[Target]:
    """Every run of the study, with the records of existing runs. Each arm is compared with the
    paper once, not once for each seed."""
    steps = steps_of(study, Store(runs).list())
    planned = [step.planned for step in steps]
    arms = {arm.name: arm for arm in arms_of(planned)}
    targets = []
    for facts in checked.facts_of_study(study, steps, checked.records_of_steps(steps)):
        # `pop`: the first run of an arm gets the arm's parts, later runs get none, so the arm is
        # compared with the paper once.
        arm = arms.pop(facts.called, None)
        targets.append(Target(facts, arm.config, arm.recipe, arm.images) if arm else Target(facts))
    return [targets[0]._replace(comparison=_comparison(study, steps)), *targets[1:]]


def _comparison(study: Study, steps: Sequence[Step]) -> str | None:
    """The sentence about undeclared differences. None where a finding already says that a
    comparison changes several factors."""
    planned = [step.planned for step in steps]
    specs = specs_of(planned)
    verdict = guard.one_factor(specs, study.keys)
    doubtful = verdict.purity == "several factors" and compared.several(
        study, arms_of(planned), specs
    )
    return None if doubtful else verdict.sentence


def _of_file(path: Path, runs: Path) -> list[Target]:
    """The targets of a file: a study, a curve as CSV, or JSON with one object or a list of specs,
    recipes, networks, imported curves or facts."""
    if path.suffix.lower() == ".csv":
        return [Target(of_import(read_curve(path)))]
    if path.suffix.lower() in (".yaml", ".yml"):
        return _of_study(study_files.read(path), runs)
    try:
        # An imported curve has a number for x and for y in each cell, so it has more parts than a
        # table.
        content = bounded.read_json(path.read_text(encoding="utf-8"), most_parts=4 * MOST_CELLS)
    except (ConfigError, ValueError):
        raise ConfigError(
            f"A file to check must be JSON, YAML or CSV; received {echo(path.name)}, which is not."
        ) from None
    except OSError as error:
        raise ConfigError(f"{echo(path.name)} cannot be read: {error.strerror}.") from None
    # Only a study has a baseline. It is read again by its own reader, which checks more.
    if isinstance(content, dict) and "baseline" in content:
        return _of_study(study_files.read(path), runs)
    return [
        _of_content(item, path.stem)
        for item in (content if isinstance(content, list) else [content])
    ]


def _of_content(content: Any, name: str) -> Target:
    # Each kind of JSON is recognised by a key that only this kind has.
    match content:
        case {"config": _, "recipe": _}:
            return _of_spec(RunSpec.model_validate(content))
        case {"stages": _}:
            network = ResNetConfig.model_validate(content)
            return Target(sources.of_network(network), network)
        case {"columns": _}:
            return Target(of_import(ImportedCurve.model_validate(content)))
        case {"schedule": _}:
            recipe = Recipe.model_validate(content)
            return Target(sources.of_recipe(recipe, name), None, recipe)
    return Target(sources.of_mapping(content))


def _headline(findings: tuple[Finding, ...]) -> str:
    if not findings:
        return "No problems found in what is known about this training."
    counts = Counter(finding.severity for finding in findings)
    return ", ".join([f"{counts[kind]} {kind}" for kind in rules.SEVERITIES if counts[kind]])


def _text(finding: Finding) -> str:
    rule = rules.get(finding.rule)
    where = f"{', '.join(finding.where)}: " if finding.where else ""
    lines = [
        f"{finding.severity:8} {rule.title}",
        f"{where}{finding.sentence}",
        f"Why: {rule.reason}",
        f"Way out: {finding.way_out}",
        f"Source: {rule.source}",
    ]
    return "\n         ".join(lines)
