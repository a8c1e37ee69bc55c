"""The engine that the benches measure is the product's: it still can be put together and run."""

from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "bench"


def test_engine_of_the_benches_runs_a_chain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(BENCH))
    from workflow_parts.engine import LENGTH, Engine, chain  # noqa: PLC0415 - beside the tests

    engine = Engine(tmp_path)
    try:
        assert engine.run(engine.define(chain()), times=2) > 0
        assert engine.counts() == {"succeeded": 2}
        assert len(chain()) == LENGTH
    finally:
        engine.close()
