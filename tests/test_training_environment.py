"""What a run records about its surroundings."""

import subprocess

import pytest

from resnet.training.environment import PROJECT, describe_environment
from tools.programs import ANY_OWNER


@pytest.mark.git
def test_the_commit_is_recorded_where_another_user_owns_the_checkout(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Catches a run as root, or in a container, that cannot say which code it ran: git refuses such
    a checkout."""
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    command = ["git", *ANY_OWNER, "rev-parse", "HEAD"]
    head = subprocess.run(
        command, cwd=PROJECT, capture_output=True, text=True, check=True
    ).stdout.strip()
    assert (describe_environment("cpu")["git_commit"] or "").removesuffix("+changes") == head
