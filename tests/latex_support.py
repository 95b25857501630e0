"""Tables set by LaTeX."""

import subprocess
from pathlib import Path

PAGES = {
    "one column": (
        "\\documentclass{article}\n\\usepackage{longtable}\n\\begin{document}\n%s\\end{document}\n"
    ),
    "11 pt": (
        "\\documentclass[11pt]{article}\n\\usepackage{longtable}\n\\begin{document}\n%s\\end{document}\n"
    ),
    "two columns": (
        "\\documentclass[twocolumn]{article}\n\\begin{document}\n\\begin{table*}\n%s\\end{table*}\n"
        "Words.\\end{document}\n"
    ),
    "two columns, long": (
        "\\documentclass[twocolumn]{article}\n\\usepackage{longtable}\n\\begin{document}\n"
        "Words.\n\\onecolumn\n%s\\twocolumn\nWords.\\end{document}\n"
    ),
}
"""Papers as people write them, at their ordinary widths."""

COMMAND = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "t.tex"]


def typeset(text: str, folder: Path, page: str = "one column") -> str:
    """What LaTeX says of a page with this text, which it must set without a letter missing or
    beyond the margin."""
    (folder / "t.tex").write_text(PAGES[page].replace("%s", text))
    done = subprocess.run(
        COMMAND, cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Overfull" not in done.stdout
    assert "Missing character" not in (folder / "t.log").read_text(encoding="latin-1")
    return done.stdout
