"""`doctor`: check this machine."""

from dataclasses import asdict

import click

from claude_agent.cli import codes
from claude_agent.cli.look import Cell, Look
from claude_agent.cli.options import pass_session
from claude_agent.cli.output import View, format_option, show
from claude_agent.cli.session import Session


@click.command("doctor")
@format_option
@pass_session
def command(session: Session, form: str) -> int:
    """Check this machine and say what is missing and what to do."""
    from claude_agent.doctor import run  # noqa: PLC0415 - only here

    findings = run(session.home)
    documents: list[dict[str, object]] = [asdict(finding) for finding in findings]

    def table(look: Look) -> list[str]:
        rows: list[list[str | Cell]] = []
        for finding in findings:
            sign = ("✓" if look.unicode else "+") if finding.ok else "✗" if look.unicode else "x"
            family = "ok" if finding.ok else "failed"
            hint = "" if finding.ok or not finding.hint else f"  -> {finding.hint}"
            rows.append([Cell(text=sign, family=family), finding.name, finding.detail + hint])
        return look.table(("", "", ""), rows)

    ok = all(finding.ok for finding in findings)
    view = View(
        document={"ok": ok, "findings": documents}, items=documents, name="name", table=table
    )
    show(view, form)
    return codes.OK if ok else codes.FAILED
