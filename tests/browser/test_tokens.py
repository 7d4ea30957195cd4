"""The contrast of the colours, computed from the one file that names them (WCAG 2.2 AA)."""

import re
from pathlib import Path

import pytest

TOKENS = Path(__file__).parents[2] / "static" / "patter" / "tokens.css"
PAIR = re.compile(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);")
COLOURS = {name: (light, dark) for name, light, dark in PAIR.findall(TOKENS.read_text())}

GROUNDS = ("background", "surface", "raised", "hover", "selected")
WORDS = ("text", "muted", "accent", "ok", "warn", "bad", "caller", "agent")
TEXT = [(word, ground) for word in WORDS for ground in GROUNDS] + [
    ("on-accent", "accent"),
    *((word, f"{tone}-surface") for tone in ("bad", "warn", "ok") for word in ("text", "muted", tone)),
]
SHAPES = [
    (shape, ground)
    for shape in ("edge", "stage-hear", "stage-model", "stage-voice", "stage-line")
    for ground in ("background", "raised")
]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "back", "least"), [(*p, 4.5) for p in TEXT] + [(*p, 3.0) for p in SHAPES])
def test_contrast(front, back, least, theme):
    assert contrast(COLOURS[front][theme], COLOURS[back][theme]) >= least
