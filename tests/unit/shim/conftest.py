"""The shim's fixtures."""

from tests.unit.shim.harness import lab, shim_image

__all__ = ["lab", "shim_image"]
