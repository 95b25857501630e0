"""Saved studies: a folder with one YAML file for each, written by a page or by hand."""

import contextlib
from pathlib import Path
from urllib.parse import quote, unquote

from resnet import files
from resnet.errors import ConfigError, UnknownNameError, echo
from resnet.runs.disk import one_sentence
from resnet.studies.plan.study import Study
from resnet.studies.plan.study_files import read, to_text

SUFFIX = ".yaml"
LONGEST_FILE_NAME = 200
PLAIN = " ()+,"
"""Characters that are not escaped in a file's name, in addition to letters, digits and _.-~."""


class Shelf:
    """The studies in a folder, by name. Nothing is cached, so several shelves may use one
    folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    def names(self) -> tuple[str, ...]:
        """The names of all studies, sorted, including those with damaged files. Empty without a
        folder. RunError where it cannot be read."""
        with one_sentence(self.folder):
            paths = list(self.folder.iterdir()) if self.folder.exists() else []
        names = {
            unquote(path.name.removesuffix(SUFFIX)): path for path in paths if path.suffix == SUFFIX
        }
        # A file whose name `_path` would not write, such as one with other escapes, could not be
        # found again by its name.
        return tuple(
            sorted(
                name for name, path in names.items() if path == self._path(name) and path.is_file()
            )
        )

    def get(self, name: str) -> Study:
        """The study of this name. Raises UnknownNameError, and ConfigError where its file is
        damaged.

        A file that was copied or renamed by hand has the name of its file.
        """
        self._check(name)
        study = read(self._path(name))
        # Two files with one name inside would otherwise be two studies of one name.
        return study if study.name == name else study.model_copy(update={"name": name})

    def save(self, study: Study) -> None:
        """Save a study, replacing one of the same name; completely or not at all. Raises
        ConfigError or ExportError."""
        path = self._path(study.name)
        if len(path.name) > LONGEST_FILE_NAME:
            raise ConfigError(
                "The name of a saved study is too long for a file; "
                f"received {echo(study.name)}: shorten it."
            )
        with one_sentence(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        files.write(path, to_text(study, "yaml"))

    def delete(self, name: str) -> None:
        """Remove a study; its runs stay. Raises UnknownNameError, and RunError where the disk
        refuses."""
        self._check(name)
        with one_sentence(self._path(name)), contextlib.suppress(FileNotFoundError):
            self._path(name).unlink()

    def _check(self, name: str) -> None:
        """Looked up among existing names, so that no name can leave the folder."""
        if name not in (known := self.names()):
            raise UnknownNameError("study", name, known)

    def _path(self, name: str) -> Path:
        """The file of a name. Special characters are escaped, and a leading dot, so that no file is
        hidden."""
        safe = quote(name, safe=PLAIN, errors="backslashreplace")
        return self.folder / f"{'%2E' + safe[1:] if safe.startswith('.') else safe}{SUFFIX}"
