"""Definitions in which one rule of the format is broken, with what is answered."""

from pathlib import Path
from typing import Any

import yaml

_FILE = Path(__file__).parents[2] / "data" / "broken_definitions.yaml"
BROKEN: list[dict[str, Any]] = yaml.safe_load(_FILE.read_text())
SHAPELESS: list[str] = [each["text"] for each in BROKEN if each["shape"]]
"""Those whose shape alone is wrong, so that the JSON Schema refuses them, too."""
