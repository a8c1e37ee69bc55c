"""What the shop is told by its environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`release` is empty while developing; a deployment names it."""

    database: Path = ROOT / "shop.db"
    static: Path = ROOT / "frontend" / "dist"
    release: str = ""
    environment: str = "development"


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read APP_DATABASE, APP_RELEASE and APP_ENV; what is missing keeps its default."""
    return Settings(
        database=Path(environment.get("APP_DATABASE") or ROOT / "shop.db"),
        release=environment.get("APP_RELEASE", ""),
        environment=environment.get("APP_ENV") or "development",
    )
