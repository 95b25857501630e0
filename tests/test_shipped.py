"""The study that comes with the project: whole, real, and what its README says."""

import re
from functools import cache

from resnet import shipped
from resnet.studies.export.unpacked import read_bundle
from resnet.studies.outcome import Outcome, outcome


@cache
def shown() -> Outcome:
    study, runs = read_bundle(shipped.folder())
    return outcome(study, runs)


def test_every_run_of_the_study_is_there_and_finished() -> None:
    """Catches a change of configs, or of what makes two specs equal, after which no shipped run is
    the study's own."""
    study, runs = read_bundle(shipped.folder())
    assert len(runs) == 12
    assert {run.state().name for run in runs} == {"finished"}
    assert [step.action for step in shown().steps] == ["reuse"] * 12
    assert (len(study.seeds), len(shown().arms)) == (3, 4)


def test_it_shows_what_the_project_is_about() -> None:
    """Catches arms compared with the wrong arm: depth hurts the plain network, and shortcuts undo
    that."""
    results = {result.arm.name: result for result in shown().results}
    shallow, deep = results["resnet20"], results["resnet56"]
    assert shallow.difference is not None and not shallow.difference.beyond_noise
    assert (
        deep.difference is not None and deep.difference.beyond_noise and deep.difference.mean < -20
    )
    assert deep.arm.against == "plain56"


def test_arms_began_alike_by_hash() -> None:
    """Catches kernels that depend on what else a network has, in real runs and not only in a model
    built for a test."""
    runs = [
        run for run in read_bundle(shipped.folder()).runs if run.spec and run.spec.recipe.seed == 1
    ]
    facts = {run.spec.network: run.environment() or {} for run in runs if run.spec}
    assert len({known["first_batch"] for known in facts.values()}) == 1
    assert len({known["split_hash"] for known in facts.values()}) == 1
    for plain, residual in (("plain20", "resnet20"), ("plain56", "resnet56")):
        assert facts[plain]["initial_weights"] == facts[residual]["initial_weights"]


def test_nothing_of_the_machine_it_was_made_on_is_in_it() -> None:
    """Catches a spec with an absolute path, which nobody else has."""
    texts = [file.read_text() for file in shipped.folder().rglob("*") if file.is_file()]
    assert not [text for text in texts if re.search(r"/(tmp|home|root|work|Users)/", text)]
