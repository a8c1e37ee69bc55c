import claude_agent.errors as server_errors
import claude_sdk
from claude_sdk import errors

Kind = type[server_errors.ClaudeAgentError]


def server_kinds(root: Kind) -> list[Kind]:
    return [root, *(k for child in root.__subclasses__() for k in server_kinds(child))]


def test_every_code_of_the_server_has_a_class_of_the_same_name() -> None:
    kinds = [
        k
        for k in server_kinds(server_errors.ClaudeAgentError)
        if k.__module__ == server_errors.__name__
    ]
    for kind in kinds:
        if kind is server_errors.ClaudeAgentError:
            continue
        document = errors.ProblemDocument(status=kind.status, code=kind.code, detail="x")
        assert type(errors.problem_from(document)).code == kind.code


def test_problem_without_a_known_code_is_typed_by_its_status() -> None:
    document = errors.ProblemDocument(status=404, code="brand_new", detail="gone")
    assert isinstance(errors.problem_from(document), errors.NotFound)


def test_problem_of_an_unknown_kind_is_the_plain_problem() -> None:
    problem = errors.problem_from(errors.ProblemDocument(status=500, code="", detail="oh"))
    assert type(problem) is errors.Problem
    assert str(problem) == "oh"


def test_public_names_can_all_be_imported() -> None:
    for name in claude_sdk.__all__:
        assert getattr(claude_sdk, name) is not None
    assert dir(claude_sdk) == claude_sdk.__all__
    assert not hasattr(claude_sdk, "nonsense")
