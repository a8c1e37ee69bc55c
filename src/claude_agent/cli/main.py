"""The entry point. `--version` answers before anything heavy is imported."""

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code (see `claude-agent help exit-codes`)."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments == ["--version"]:
        from claude_agent import __version__  # noqa: PLC0415 - a start-up path of its own

        print(f"claude-agent {__version__}")
        return 0
    from claude_agent.cli.shell import run  # noqa: PLC0415 - click takes 40 ms

    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
