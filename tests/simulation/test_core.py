"""Runs the machine on every database; `PROVE_SCALE` multiplies the number of histories."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.simulation.bodies import OnMemory, OnPostgresql
from tests.simulation.machine import Core

BODIES = {"memory": (OnMemory, 24), "sqlite": (Core, 8), "postgresql": (OnPostgresql, 3)}
"""How many histories on each: a server takes its time."""


@pytest.mark.parametrize("body", BODIES)
def test_core_is_what_the_model_says(
    body: str, request: pytest.FixtureRequest, prove_scale: int
) -> None:
    machine, histories = BODIES[body]
    if machine is OnPostgresql:
        OnPostgresql.server = request.getfixturevalue("postgres")
    how = settings(
        max_examples=histories * prove_scale,
        stateful_step_count=40,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=how)
