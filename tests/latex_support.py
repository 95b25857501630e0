"""Tables set by LaTeX, where it is installed."""

import shutil
import subprocess
from pathlib import Path

import pytest

PREAMBLE = "\\documentclass{article}\n\\usepackage{longtable}\n\\textwidth=16cm\n\\begin{document}\n"
COMMAND = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "t.tex"]

needs_latex = pytest.mark.skipif(not shutil.which("pdflatex"), reason="there is no LaTeX here")


def typeset(text: str, folder: Path) -> str:
    """What LaTeX says of a page with this text, which it must set without a letter missing or beyond the margin."""
    (folder / "t.tex").write_text(f"{PREAMBLE}{text}\\end{{document}}\n")
    done = subprocess.run(COMMAND, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Overfull" not in done.stdout
    assert "Missing character" not in (folder / "t.log").read_text(encoding="latin-1")
    return done.stdout
