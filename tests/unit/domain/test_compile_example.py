"""The file that uses nearly everything compiles, and means what it says."""

from pathlib import Path

from claude_agent.core.definition_source import parse
from claude_agent.domain.compile import compile_definition
from claude_agent.domain.definition import ActionSpec, Definition, ParameterSpec
from claude_agent.domain.definition_kinds import Approval, Emit, Wait
from claude_agent.domain.definition_parts import Cache, Fallback, Foreach, Matrix
from claude_agent.domain.definition_start import Budget, Concurrency, Schedule, Webhook
from tests.unit.domain.compiling import AGENTS

EXAMPLE = Path(__file__).parents[2] / "data" / "deploy_full_application.yaml"
ACTIONS = {
    spec.name: spec
    for spec in (
        ActionSpec(
            name="clone_repo",
            parameters={"url": ParameterSpec(required=True), "workspace": ParameterSpec()},
        ),
        ActionSpec(name="run_tests", parameters={"suite": ParameterSpec()}),
        ActionSpec(name="build_docker"),
        ActionSpec(name="migrate"),
        ActionSpec(name="migrate_down", parameters={"to": ParameterSpec(required=True)}),
        ActionSpec(
            name="deploy_k8s", parameters={"image": ParameterSpec(), "env": ParameterSpec()}
        ),
        ActionSpec(name="rollback_k8s"),
    )
}


def example() -> Definition:
    tree = parse(EXAMPLE.read_text(), file=EXAMPLE.name)
    return compile_definition(tree, agents=AGENTS, actions=ACTIONS, workflows={"smoke_tests"})


def test_the_example_compiles_and_survives_its_stored_form() -> None:
    definition = example()
    again = Definition.from_data(definition.to_data())
    assert again == definition
    assert again.digest == definition.digest


def test_the_top_of_the_example_is_read() -> None:
    definition = example()
    assert definition.on.schedule == (
        Schedule(cron="0 6 * * MON-FRI", tz="Europe/Rome", catchup_ms=3_600_000, overlap="skip"),
    )
    assert definition.on.webhook == (
        Webhook(
            path="deploy",
            secret="DEPLOY_HOOK",  # noqa: S106 - a name
            if_="event.body.ref == 'refs/heads/main'",
            inputs={"repo_url": "${{ event.body.repository.clone_url }}"},
        ),
    )
    assert [one.type for one in definition.on.event] == ["agent.release_ready"]
    assert definition.secrets == ("KUBE_TOKEN", "DEPLOY_HOOK")
    assert definition.concurrency == Concurrency(key="deploy-${{ inputs.env }}", limit=1)
    assert definition.priority == "${{ inputs.env == 'prod' ? 'HIGH' : 'NORMAL' }}"
    assert definition.budget == Budget(usd=5.0, tokens=2_000_000, on_exceed="ask")
    assert definition.compensation_timeout_ms == 1_800_000


def test_the_steps_of_the_example_are_read() -> None:
    steps = example().by_id
    assert steps["test"].matrix == Matrix(
        axes={"suite": ["unit", "api", "e2e"]}, max_parallel=3, fail_fast=False
    )
    assert steps["test"].retry.prompt == (
        "Previous attempt failed: ${{ failure.summary }}. Fix only flaky setup."
    )
    assert steps["build"].if_ == "steps.test.all(t, t.outputs.failed == 0)"
    assert steps["build"].fallback == (
        Fallback(agent="deployment", kind="run", run="buildah bud -t $APP:$SHA ."),
    )
    assert steps["build"].cache == Cache(
        key="build-${{ steps.clone_repo.outputs.sha }}", ttl_ms=604_800_000
    )
    assert steps["setup_database"].lock == "db-${{ inputs.env }}"
    assert steps["approve_prod"].approval == Approval(
        mode="${{ inputs.env == 'prod' ? 'manual' : 'auto' }}",
        prompt="Deploy ${{ steps.build.outputs.image }} to ${{ inputs.env }}?",
        approvers=("approver", "operator"),
        expires_ms=14_400_000,
        on_reject="compensate",
        show=("diff", "steps.test.outputs"),
        form={"note": {"type": "string"}},
    )
    assert steps["deploy"].secrets == {"KUBE_TOKEN": "KUBE_TOKEN"}
    smoke = steps["smoke"]
    assert (smoke.kind, smoke.workflow) == ("workflow", "smoke_tests")
    assert smoke.foreach == Foreach(items="${{ steps.deploy.outputs.urls }}")
    assert steps["wait_bake"].wait == Wait(for_=600_000, or_signal="skip_bake")
    assert steps["notify"].emit == Emit(type="deploy.finished", data={"ok": "${{ success() }}"})
