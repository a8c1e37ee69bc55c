"""DBOS doing the workflows of `bench/workflows.py`; run in the Python of the peers.

    python dbos_workflows.py URL CHAINS AT_ONCE WIDTH

Prints one JSON object: ms a step of chains of 10, steps/s of many chains at once, seconds of a
fan-out and join (its steps in threads of one workflow).
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from dbos import DBOS, DBOSConfig

LENGTH = 10


def main(url: str, chains: int, at_once: int, width: int) -> None:
    """Measure and print."""
    config: DBOSConfig = {
        "name": "bench",
        "system_database_url": url,
        "application_version": "1",
        "log_level": "ERROR",
    }
    DBOS(config=config)

    @DBOS.step()
    def step(number: int) -> int:
        return number

    @DBOS.workflow()
    def chain() -> int:
        return sum(step(number) for number in range(LENGTH))

    @DBOS.workflow()
    def one(number: int) -> int:
        return step(number)

    @DBOS.workflow()
    def fan() -> int:
        handles = [DBOS.start_workflow(one, number) for number in range(width)]
        return sum(handle.get_result() for handle in handles)

    DBOS.launch()
    chain()
    began = time.perf_counter()
    for _ in range(chains):
        chain()
    found = {"chain_ms": (time.perf_counter() - began) * 1000 / chains / LENGTH}
    began = time.perf_counter()
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(lambda _: chain(), range(at_once)))
    found["steps_s"] = at_once * LENGTH / (time.perf_counter() - began)
    began = time.perf_counter()
    fan()
    found["fan_s"] = time.perf_counter() - began
    print(json.dumps(found), flush=True)
    DBOS.destroy()


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:5]))
