"""Takes the pictures of docs/drawings.md anew: `.venv/bin/python tools/gallery.py`.

Screenshots are of the real page in a real browser; figures are what the command line writes.
"""

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # a script's own folder is on the path, not the one it is started in

from playwright.sync_api import Browser  # noqa: E402

from resnet import draw, get  # noqa: E402
from resnet.diagram.formats.pdf import png  # noqa: E402
from tests.browser.driver import RunningApp, chromium, running_app  # noqa: E402

PICTURES = ROOT / "docs" / "images" / "drawings"
NETWORKS = ("resnet20", "resnet50", "resnet152", "resnet1202")
LEVELS = ("network", "stage", "block", "layer")
SCHEMES = ("light", "dark")
COLOURS = 96
"""Enough for a drawing, and a quarter of the bytes."""
SETTLED_MS = 700


def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_app(Path(folder)) as app,
        chromium() as browser,
    ):
        for scheme in SCHEMES:
            for name in NETWORKS:
                for level in LEVELS:
                    keep(
                        f"{name}-{level}-{scheme}",
                        photograph(browser, app, f"?network={name}&level={level}", scheme),
                    )
        pair = "compare?network=plain56&beside=resnet56"
        keep("compare-light", photograph(browser, app, pair, "light"))
        keep("macs-dark", photograph(browser, app, "?network=resnet50&colour=macs", "dark"))
    keep("figure3", figure3())
    keep("a4", png(draw(get("resnet1202").config, level="layer", page="a4").drawing, 1.5))


def photograph(browser: Browser, app: RunningApp, address: str, scheme: str) -> bytes:
    """The drawing on its page, as it first comes up."""
    context = browser.new_context(viewport={"width": 1400, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{app.url}/{address}")
    page.locator(".lab-diagram .canvas svg").wait_for()
    page.wait_for_timeout(SETTLED_MS)
    picture = page.locator(".lab-diagram").screenshot()
    context.close()
    return picture


def figure3() -> bytes:
    figure = draw(
        get("plain34").config,
        level="layer",
        style="figure3",
        direction="TB",
        beside=get("resnet34").config,
    )
    return png(figure.drawing, 2)


def keep(name: str, picture: bytes) -> None:
    """As a PNG with few colours."""
    image = (
        Image.open(io.BytesIO(picture)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    )
    image.save(PICTURES / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
