"""Runs the shim under coverage, for measuring alone: `SHIM_COVERAGE=<data file> pytest ...`."""

import os
import sys

import coverage


def main() -> None:
    measure = coverage.Coverage(
        data_file=os.environ["SHIM_COVERAGE"],
        data_suffix=True,
        branch=True,
        source=["claude_agent.shim"],
    )
    measure.start()
    from claude_agent.shim.__main__ import main as shim  # noqa: PLC0415 - after the start

    code = shim(sys.argv)
    measure.stop()
    measure.save()
    os._exit(code)


if __name__ == "__main__":
    main()
