"""recipes, data: list the recipes and the data sets."""

import json
from pathlib import Path

import typer

from resnet import data, quantity
from resnet.cli.options import AsJson, DataFolder
from resnet.data import DatasetFacts
from resnet.recipes import recipes
from resnet.recipes.recipes import Entry


def register(app: typer.Typer) -> None:
    app.command("recipes")(list_recipes)
    app.command("data")(list_data)


def list_recipes(as_json: AsJson = False) -> None:
    """List the recipes, each with source, command, time and expected result."""
    entries = [recipes.get(name) for name in recipes.names()]
    if as_json:
        print(json.dumps([_recipe_record(entry) for entry in entries], indent=2))
        return
    for number, entry in enumerate(entries):
        # An empty line between recipes, but not before the first one.
        print("\n" * bool(number) + entry.name)
        print(f"  {entry.command}")
        print(f"  {entry.quick_command}")
        for what, text in (
            ("source", entry.source),
            ("time", entry.expected_time),
            ("result", entry.expected_result),
        ):
            print(f"  {what:8}{text}")


def list_data(data_folder: DataFolder = Path(data.DEFAULT_FOLDER), as_json: AsJson = False) -> None:
    """List the data sets, and whether their files are here. A folder of images can be used too:
    folder:PATH."""
    if as_json:
        print(
            json.dumps(
                [_data_record(data.facts(name), data_folder) for name in data.names()], indent=2
            )
        )
        return
    for name in data.names():
        facts = data.facts(name)
        shape = quantity.shape(facts.image_shape)
        availability = data.availability(name, data_folder) or "Its files are here."
        print(
            f"{name:16} {facts.train_images:>7,} + {facts.test_images:,} images {shape},"
            f" {facts.classes} classes"
        )
        print(f"{'':16} {availability}\n{'':16} {facts.source}")


def _recipe_record(entry: Entry) -> dict[str, object]:
    return {
        "name": entry.name,
        "network": entry.network,
        "dataset": entry.dataset,
        "source": entry.source,
        "command": entry.command,
        "expected_time": entry.expected_time,
        "expected_result": entry.expected_result,
        "recipe": entry.recipe.model_dump(mode="json"),
        "quick_command": entry.quick_command,
        "quick": entry.quick.model_dump(mode="json"),
    }


def _data_record(facts: DatasetFacts, folder: Path) -> dict[str, object]:
    return {
        "name": facts.name,
        "title": facts.title,
        "image_shape": facts.image_shape,
        "classes": facts.classes,
        "class_names": facts.class_names,
        "train_images": facts.train_images,
        "test_images": facts.test_images,
        "present": data.is_present(facts.name, folder),
        "missing": data.availability(facts.name, folder),
        "where": facts.where,
        "source": facts.source,
    }
