"""Runs the machine; `PROVE_SCALE` multiplies the number of histories."""

import os

from hypothesis import HealthCheck, settings

from tests.simulation.machine import Core

SCALE = max(1, int(os.environ.get("PROVE_SCALE", "1")))

TestCore = Core.TestCase
TestCore.settings = settings(
    max_examples=30 * SCALE,
    stateful_step_count=40,
    suppress_health_check=list(HealthCheck),
)
