"""`--dry-run`, `versions` and `diff` on the real product."""

from tests.e2e.product import Product

FLOW = """
name: e2e planned
version: {version}
inputs: {{env: {{type: string, default: dev}}}}
concurrency: {{key: "e2e-planned-${{{{ inputs.env }}}}"}}
steps:
  - id: build
    agent: backend-api
    run: "true"
    compensate: {{run: "true"}}
  - id: suite
    agent: testing
    depends_on: [build]
    matrix: {{n: [1, 2, 3]}}
    run: "{run}"
  - id: only_prod
    agent: deployment
    depends_on: [suite]
    if: "${{{{ inputs.env == 'prod' }}}}"
    run: "true"
"""


def test_dry_run_shows_the_plan_and_stores_nothing(shared: Product) -> None:
    path = shared.work / "planned.yaml"
    path.write_text(FLOW.format(version=1, run="true"))
    before = shared.system.events.head()
    out = shared.cli("workflow", "--file", str(path), "--dry-run").stdout
    assert shared.system.events.head() == before
    assert "3 steps on 3 levels" in out
    assert "It takes the concurrency key e2e-planned-dev (0 of 1 taken)." in out
    assert "3 instances" in out
    assert "skipped: condition_false" in out
    assert "undone, if it fails at its end: build" in out
    assert shared.cli("workflow", "show", "e2e-planned", expect=5).stderr
    prod = shared.cli("workflow", "--file", str(path), "env=prod", "--dry-run").stdout
    assert "if: holds" in prod
    wrong = shared.cli("workflow", "--file", str(path), "evn=prod", "--dry-run", expect=2)
    assert "evn" in wrong.stderr


def test_versions_are_listed_and_compared(shared: Product) -> None:
    for version, run in ((1, "true"), (2, "false")):
        shared.system.workflows.define(
            FLOW.format(version=version, run=run).replace("planned", "compared")
        )
    listed = shared.json("workflow", "versions", "e2e-compared")["items"]
    assert [one["version"] for one in listed] == ["2", "1"]
    out = shared.cli("workflow", "diff", "e2e-compared").stdout
    assert '~ steps.suite.run: "true" -> "false"' in out
    text = shared.cli("workflow", "diff", "e2e-compared", "2", "1", "--text").stdout
    assert '+    run: "true"' in text
    assert shared.cli("workflow", "diff", "e2e-compared", "7", expect=5).stderr


def test_imported_workflow_runs(shared: Product) -> None:
    theirs = shared.work / "theirs.yml"
    theirs.write_text(
        "name: e2e imported\non: workflow_dispatch\njobs:\n"
        "  a:\n    outputs: {v: '${{ steps.s.outputs.v }}'}\n"
        "    steps: [{id: s, run: 'echo v=7 >> $GITHUB_OUTPUT'}]\n"
        "  b:\n    needs: a\n    services: {}\n"
        "    steps: [{run: 'test ${{ needs.a.outputs.v }} = 7'}]\n"
    )
    ran = shared.cli("workflow", "import", str(theirs))
    assert f"{theirs}:9: jobs.b.services" in ran.stderr
    ours = shared.work / "ours.yaml"
    ours.write_text(ran.stdout)
    ref = shared.json("workflow", "--file", str(ours))["ref"]
    ended = shared.execution_reaches(ref, "succeeded", "failed")
    assert ended["state"] == "succeeded", ended
    theirs.write_text("name: nothing\non: push\njobs: {}\n")
    assert shared.cli("workflow", "import", str(theirs), expect=1).stdout == ""
