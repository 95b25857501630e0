"""The files of this checkout, as git lists them."""

import subprocess

from tools.programs import ANY_OWNER, ROOT


def tracked(*paths: str) -> list[str]:
    """Tracked files, or those below `paths`. Works too where another user owns the checkout."""
    command = ["git", *ANY_OWNER, "ls-files", *paths]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
