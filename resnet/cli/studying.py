"""study new|show|run, twin: change one setting, check that nothing else changes, and train with
several seeds."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from resnet import data
from resnet.cli import study_results
from resnet.cli.options import (
    AsJson,
    DataFolder,
    Name,
    Output,
    RecipeSettings,
    Runs,
    Settings,
    Steps,
    changed,
    choose,
)
from resnet.cli.saving import keras_model
from resnet.cli.study_text import extent, facts_of, lines_of
from resnet.errors import ConfigError, RunError, echo
from resnet.guards import sharing, twins
from resnet.network.link import pairs
from resnet.recipes import recipes
from resnet.recipes.recipe import Recipe, with_steps
from resnet.runs import Run, Store, list_devices
from resnet.runs.store import DEFAULT_ROOT
from resnet.studies import planning, running
from resnet.studies.plan import ready, study_files
from resnet.studies.plan.factors import Baseline, Factor, parted
from resnet.studies.plan.study import Design, Study, arms
from resnet.studies.running import Status

File = Annotated[Path, typer.Argument(metavar="FILE", help="A study: .yaml, .yml or .json.")]
StudyName = Annotated[str, typer.Argument(metavar="NAME", help="The name of the study.")]
ReadyKey = Annotated[
    str | None, typer.Option("--ready", metavar="KEY", help=f"One of {', '.join(ready.names())}.")
]
Size = Annotated[
    str | None,
    typer.Option(
        "--size", metavar="SIZE", help="The size of a ready study: whole, small or quick."
    ),
]
Network = Annotated[
    str | None,
    typer.Option("--network", metavar="NAME", help="The baseline's network; by default resnet20."),
]
RecipeName = Annotated[
    str | None, typer.Option("--recipe", metavar="NAME", help="The baseline's recipe.")
]
DataSet = Annotated[
    str | None,
    typer.Option("--data", metavar="NAME", help="The baseline's data set; by default digits."),
]
Vary = Annotated[
    list[str],
    typer.Option(
        "--vary",
        metavar="KEY=A,B,C",
        default_factory=list,
        show_default=False,
        help="A factor and its levels, for example network.shortcut=none,projection; repeatable.",
    ),
]
How = Annotated[
    Design, typer.Option("--design", help="How the levels of several factors are combined.")
]
Seeds = Annotated[
    str | None,
    typer.Option("--seeds", metavar="0,1,2", help="Every arm is trained once with each seed."),
]
OnDevice = Annotated[
    str | None,
    typer.Option("--device", help="cpu, gpu0, …; by default the first GPU, else the CPU."),
]
Detach = Annotated[bool, typer.Option("--detach", help="Return at once; the runs continue.")]
Retry = Annotated[
    bool,
    typer.Option("--retry-failed", help="Resume failed runs too, from their last checkpoint."),
]
Weights = Annotated[
    bool,
    typer.Option(
        "--weights/--no-weights",
        help="Build both networks with Keras and compare initial weights by hash.",
    ),
]

WEIGHTS_SEED = 0
study_app = typer.Typer(
    help="Ablation studies: create a file, show its plan, run it.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    app.add_typer(study_app, name="study")
    for command in (new, show, run):
        study_app.command(command.__name__)(command)
    study_results.add_to(study_app)
    app.command("twin")(twin)


def new(  # noqa: PLR0913, PLR0917  each is an option
    name: StudyName,
    output: Output,
    settings: Settings,
    recipe_settings: RecipeSettings,
    vary: Vary,
    ready_key: ReadyKey = None,
    size: Size = None,
    network: Network = None,
    recipe: RecipeName = None,
    steps: Steps = None,
    dataset: DataSet = None,
    data_folder: DataFolder = Path(data.DEFAULT_FOLDER),
    design: How = "one_at_a_time",
    seeds: Seeds = None,
    device: OnDevice = None,
) -> None:
    """Write a study to a file that you can edit: a ready study, or one with the baseline and
    factors of the options."""
    study_files.form_of(output)
    if output.exists():
        raise ConfigError(
            f"A new study needs a new file; {output} exists already; choose another name, or delete"
            " the file first."
        )
    options = {
        "--network": network,
        "--set": settings,
        "--recipe": recipe,
        "--recipe-set": recipe_settings,
        "--steps": None if steps is None else str(steps),
        "--data": dataset,
        "--vary": vary,
        "--design": None if design == "one_at_a_time" else design,
    }
    if ready_key is not None:
        study = _ready(ready_key, size, [option for option, value in options.items() if value])
    elif size is not None:
        raise ConfigError(
            f"--size belongs to a ready study; add --ready: {', '.join(ready.names())}."
        )
    else:
        entry = recipes.get(recipe) if recipe else recipes.default_for(dataset or "digits")
        full_recipe = changed(_of_length(entry.recipe, steps), recipe_settings)
        names = {"network": network or "resnet20", "dataset": dataset or entry.dataset}
        baseline = Baseline.model_validate(
            {**names, "settings": pairs(settings), "recipe": full_recipe}
        )
        study = Study(name=name, baseline=baseline, factors=_factors(vary), design=design)
    where = {"device": device or list_devices()[0].id, "data_folder": str(data_folder)}
    fields = study.model_dump() | {"name": name, "baseline": study.baseline.model_dump() | where}
    study = Study.model_validate(
        fields | ({} if seeds is None else {"seeds": _whole_numbers(seeds)})
    )
    study_files.write(study, output)
    size_of_it = extent(study, arms(study))
    print(
        f"{output}: {size_of_it}. Check it with `python -m resnet study show {output}`, then start"
        f" it with `study run {output}`."
    )


def _of_length(recipe: Recipe, steps: int | None) -> Recipe:
    """The recipe with another number of steps, as for `train --steps`."""
    return recipe if steps is None else with_steps(recipe, steps)


def _ready(key: str, size: str | None, odd: list[str]) -> Study:
    # A ready study has a baseline and factors already. An option for one of them would change the
    # question of its source.
    if odd:
        raise ConfigError(
            f"A ready study sets {odd[0]} itself; received --ready and {odd[0]}: leave one out."
        )
    return ready.get(key).at(size or "whole")


def _factors(vary: list[str]) -> tuple[Factor, ...]:
    """The factors typed as KEY=A,B,C. Without any, a comparison with the plain twin, as an
    example."""
    if not vary:
        return (Factor(key="network.shortcut", levels=("none",)),)
    return tuple(
        Factor(key=key, levels=parted(key, text)) for key, text in map(_key_and_levels, vary)
    )


def _key_and_levels(typed: str) -> tuple[str, str]:
    key, equals, text = typed.partition("=")
    if not equals or not key.strip():
        raise ConfigError(
            "A factor is written KEY=A,B,C, as in network.shortcut=none,projection; received"
            f" {echo(typed)}."
        )
    return key.strip(), text


def _whole_numbers(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise ConfigError(
            f"Seeds are whole numbers separated by commas, as in 0,1,2; received {echo(text)}."
        ) from None


def show(file: File, runs: Runs = DEFAULT_ROOT, as_json: AsJson = False) -> None:
    """Show a study's plan: what it compares, whether only one factor differs, which runs exist, and
    what the rest needs."""
    plan = planning.plan(study_files.read(file), Store(runs).list())
    print(json.dumps(facts_of(plan), indent=2) if as_json else "\n".join(lines_of(plan)))


def run(
    file: File, runs: Runs = DEFAULT_ROOT, detach: Detach = False, retry_failed: Retry = False
) -> None:
    """Start the missing runs of a study and follow them. After Ctrl+C the runs continue; call it
    again to follow them."""
    study, store = study_files.read(file), Store(runs)
    plan = planning.plan(study, store.list(), "retry" if retry_failed else "leave")
    print("\n".join(lines_of(plan)), flush=True)
    # All runs are in the queue from here on. This process only watches, and may end.
    submitted = running.submit(plan, store)
    if detach:
        return
    printed: list[str] = []
    try:
        status = running.wait(submitted, store, lambda now: _say(now, store, submitted, printed))
    except KeyboardInterrupt:
        print(
            f"\nThe runs continue; `python -m resnet study run {file}` follows them again, `runs"
            " stop ID` stops one."
        )
        raise
    if bad := {name: count for name, count in status.states.items() if name != "finished"}:
        words = ", ".join(f"{count} {name}" for name, count in bad.items())
        # One example: its cause often explains the others.
        first = next(one for one in submitted if one.state().name in bad)
        cause = (first.state().cause or "no reason is known").rstrip(".")
        raise RunError(
            f"Of {len(submitted)} runs {words}, for example {first.id}: {cause}; `python -m resnet"
            f" study run {file}` resumes those that did not fail, with --retry-failed all."
        )
    print(f"All {len(submitted)} runs are finished. {sharing.selection(plan.specs)}")


def _say(now: Status, store: Store, submitted: tuple[Run, ...], printed: list[str]) -> None:
    """Print a line where something changed, at most one for each percent. Where no run is training,
    it says what they wait for."""
    states = ", ".join(f"{count} {name}" for name, count in sorted(now.states.items()))
    line = f"{100 * now.step // max(1, now.steps):3d} %   {states}"
    # All runs are over or waiting: a person would wonder why nothing moves.
    if now.states.keys() <= {"finished", "queued", "failed", "stopped"} and (
        waits := now.states.get("queued")
    ):
        first = next((one for one in submitted if one.state().name == "queued"), None)
        why = store.why_waiting(first) if first and waits else ""
        line += f" ({why})" if why else ""
    # `printed` is the last line, in a list that stays between calls.
    if printed[-1:] != [line]:
        print(line, flush=True)
        printed[:] = [line]


def twin(name: Name, settings: Settings, weights: Weights = True, as_json: AsJson = False) -> None:
    """Compare a residual network with its plain twin, and prove what is equal: parameters, shapes,
    initial weights, …"""
    proof = twins.prove(choose(name, settings).config())
    by_hash = _by_hash(proof) if weights else None
    if as_json:
        print(json.dumps(_proof_facts(proof, by_hash), indent=2))
        return
    lines = [proof.verdict, *proof.sentences()]
    lines += [f"{by_hash.sentence[:-1]}, with seed {WEIGHTS_SEED}."] if by_hash else []
    lines += [f"Projections: {', '.join(proof.projections)}."] if proof.projections else []
    print("\n".join(lines))


def _by_hash(proof: twins.TwinProof) -> twins.WeightsProof:
    """The initial weights of both networks, compared by hash. Takes seconds: it imports
    TensorFlow."""
    with keras_model() as keras:
        hashes = [
            # One after the other and not together: only the hashes are kept, so one model is in
            # memory at a time.
            keras.kernel_hashes(keras.build_keras_model(config, seed=WEIGHTS_SEED))
            for config in (proof.residual, proof.plain)
        ]
    return twins.compare_weights(*hashes)


def _proof_facts(proof: twins.TwinProof, by_hash: twins.WeightsProof | None) -> dict[str, Any]:
    return {
        "exact": proof.exact,
        "sentences": [proof.verdict, *proof.sentences()],
        "residual": proof.residual.model_dump(mode="json"),
        "plain": proof.plain.model_dump(mode="json"),
        "equal_layers": proof.equal_layers,
        "changed_layers": proof.changed_layers,
        "extra": {kind: counted._asdict() for kind, counted in proof.extra.items()},
        "projections": proof.projections,
        "equal_start": proof.equal_start,
        "other_start": proof.other_start,
        "equal_by_hash": by_hash and by_hash.equal,
        "other_by_hash": by_hash and by_hash.other,
        "trainable_params": proof.trainable_params,
        "non_trainable_params": proof.non_trainable_params,
        "macs": proof.macs,
    }
