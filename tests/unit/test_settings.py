"""Settings: the order of the layers, and one answer that names every problem."""

import tempfile
from pathlib import Path

import pytest

from claude_agent.errors import Invalid, SetupError, UnknownName
from claude_agent.settings import Settings
from claude_agent.settings_model import Configuration, Section


class Place:
    """A folder and an environment of the test's own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.environment = {"HOME": str(root / "user")}
        self.project = root / "project"
        self.project.mkdir(parents=True)
        self.project_file = self.project / "claude-agent.toml"
        self.user_file = root / "user" / ".config" / "claude-agent" / "config.toml"
        self.user_file.parent.mkdir(parents=True)

    def load(self, **flags: object) -> Settings:
        return Settings.load(
            str(self.root / "home"),
            {name.replace("__", "."): value for name, value in flags.items()},
            environment=self.environment,
            folder=self.project,
        )


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_settings_has_eight_agents_and_the_documented_defaults_when_nothing_is_given(
    place: Place,
) -> None:
    settings = place.load()
    assert set(settings.agents) == {
        *("master", "supervisor", "backend-api", "frontend-ui"),
        *("database", "testing", "deployment", "instagram"),
    }
    assert {agent.adapter for agent in settings.agents.values()} == {"auto"}
    assert (settings.server.host, settings.server.port) == ("127.0.0.1", 7420)
    assert settings.server.workers == 15
    assert settings.tmux.size == "120x36"
    assert settings.routing.fallback == "master"
    assert settings.routing.rules[0].agent == "backend-api"
    assert settings.sources == {}


def test_settings_takes_the_higher_layer_when_several_give_a_value(place: Place) -> None:
    place.user_file.write_text("[server]\nport=1\nworkers=4\nhost='a'\ndurability='balanced'\n")
    place.project_file.write_text("[server]\nport=2\nworkers=5\nhost='b'\n")
    place.environment |= {"CLAUDE_AGENT_SERVER_PORT": "3", "CLAUDE_AGENT_SERVER_WORKERS": "6"}
    settings = place.load(port=4)
    assert settings.server.port == 4
    assert settings.server.workers == 6
    assert settings.server.host == "b"
    assert settings.server.durability == "balanced"
    assert settings.sources == {
        "server.port": "flag",
        "server.workers": "environment CLAUDE_AGENT_SERVER_WORKERS",
        "server.host": str(place.project_file),
        "server.durability": str(place.user_file),
    }


def test_settings_listing_names_the_source_of_each_value(place: Place) -> None:
    place.project_file.write_text('[agents.testing]\ncapabilities = ["pytest"]\n')
    rows = {key: (value, source) for key, value, source in place.load().listing()}
    assert rows["agents.testing.capabilities"] == (["pytest"], str(place.project_file))
    assert rows["agents.testing.slots"] == (3, "default")
    assert rows["server.port"] == (7420, "default")
    assert rows["home"][0] == str(place.root / "home")


def test_settings_listing_hides_the_password_of_an_address(place: Place) -> None:
    place.project_file.write_text('[server]\nbroker_url = "amqp://me:secret@mq:5672/x"\n')
    settings = place.load()
    shown = {key: value for key, value, _ in settings.listing()}["server.broker_url"]
    assert shown == "amqp://me:***@mq:5672/x"
    assert settings.server.broker_url == "amqp://me:secret@mq:5672/x"


def test_settings_lays_agents_over_the_defaults_and_adds_new_ones(place: Place) -> None:
    place.project_file.write_text("[agents.testing]\nslots = 5\n[agents.poet]\nadapter = 'fake'\n")
    place.environment["CLAUDE_AGENT_AGENTS_BACKEND_API_ADAPTER"] = "shell"
    place.environment["CLAUDE_AGENT_AGENTS_MASTER_CAPABILITIES"] = '["plans"]'
    agents = place.load().agents
    assert agents["testing"].slots == 5
    assert agents["testing"].capabilities == ("tests",)
    assert agents["poet"].adapter == "fake"
    assert agents["backend-api"].adapter == "shell"
    assert agents["master"].capabilities == ("plans",)
    assert len(agents) == 9


def test_settings_ignores_what_a_command_is_given_in_its_environment(place: Place) -> None:
    place.environment |= {"CLAUDE_AGENT_RUN_ID": "a.1", "CLAUDE_AGENT_WITH_X": "1"}
    assert place.load().sources == {}


@pytest.mark.parametrize(
    ("text", "key", "near"),
    [
        ("[servr]\n", "servr", "server"),
        ("[server]\nprot = 1\n", "server.prot", "port"),
        ("[server.retention]\nevent = '1d'\n", "server.retention.event", "events"),
        ("[agents.testing]\nadaptor = 'x'\n", "agents.testing.adaptor", "adapter"),
        ("[[routing.rules]]\nkeyword=['x']\nagent='testing'\n", "routing.rules.0.keyword", "words"),
        ("[[approvals.rules]]\nmatch={comand='x'}\ndecide='auto'\n", "match.comand", "command"),
        ("[routing]\nfallback = 'mster'\n", "routing.fallback", "master"),
    ],
)
def test_settings_names_the_nearest_key_and_the_file_when_one_is_unknown(
    place: Place, text: str, key: str, near: str
) -> None:
    place.project_file.write_text(text)
    with pytest.raises(UnknownName) as caught:
        place.load()
    assert key in caught.value.detail
    assert str(place.project_file) in caught.value.detail
    assert near in caught.value.hint


def test_settings_names_the_variable_when_the_environment_has_an_unknown_key(place: Place) -> None:
    place.environment["CLAUDE_AGENT_SERVER_PROT"] = "1"
    with pytest.raises(UnknownName, match="CLAUDE_AGENT_SERVER_PROT") as caught:
        place.load()
    assert "port" in caught.value.hint


def test_settings_tells_all_problems_at_once(place: Place) -> None:
    place.user_file.write_text("[server]\nport = 70000\n")
    place.project_file.write_text("[server]\nworkers = 'x'\n[tmux]\nsocket = 'mine'\nsze = 1\n")
    with pytest.raises(Invalid) as caught:
        place.load()
    found = {problem["path"]: problem["file"] for problem in caught.value.problems}
    assert found == {
        "server.port": str(place.user_file),
        "server.workers": str(place.project_file),
        "tmux.socket": str(place.project_file),
        "tmux.sze": str(place.project_file),
    }
    assert "3 more" in caught.value.detail


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[server]\ndatabase_url='mysql://x/y'\n", "postgresql://user@host:port/name"),
        ("[server]\ndatabase_url='mysql'\n", "sqlite"),
        ("[server]\nbroker_url='kafka://x'\n", "redis://host:6379/0"),
        ("[server]\nworkers=0\n", "on SQLite nobody else could do the work"),
        ("[sandbox]\nmode='required'\n", "not available in this version yet"),
        ("[agents.Bad_Name]\n", "agents.Bad_Name"),
        ("[agents]\ntesting = 3\n", "agents.testing"),
        ("[[approvals.rules]]\nmatch={command='('}\ndecide='auto'\n", "not a regular expression"),
    ],
)
def test_settings_refuses_a_value_when_it_cannot_be_honoured(
    place: Place, text: str, said: str
) -> None:
    place.project_file.write_text(text)
    with pytest.raises(Invalid) as caught:
        place.load()
    assert said in caught.value.detail


def test_settings_names_the_line_when_a_file_is_not_toml(place: Place) -> None:
    place.project_file.write_text("[server]\nport = \n")
    with pytest.raises(Invalid, match="line 2") as caught:
        place.load()
    assert str(place.project_file) in caught.value.detail


def test_settings_takes_the_home_from_the_first_place_that_names_one(tmp_path: Path) -> None:
    def home(given: str | None, **environment: str) -> Path:
        found = Settings.load(given, environment=environment, folder=tmp_path, prepare=False)
        return found.home

    user = {"HOME": "/u", "XDG_STATE_HOME": "/s", "CLAUDE_AGENT_HOME": "/c"}
    assert home("/x", **user) == Path("/x")
    assert home(None, **user) == Path("/c")
    assert home(None, HOME="/u", XDG_STATE_HOME="/s") == Path("/s/claude-agent")
    assert home(None, HOME="/u") == Path("/u/.local/state/claude-agent")


def test_settings_says_where_the_sockets_are_when_the_home_is_long(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="ca-", dir="/tmp") as short:
        environment = {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": short}
        home = str(tmp_path / ("x" * 90))
        settings = Settings.load(home, environment=environment, folder=tmp_path)
        assert settings.sockets.parent == Path(short)
        assert str(settings.sockets) in settings.notes[0]


def test_settings_allows_a_server_without_slots_where_others_can_work(place: Place) -> None:
    place.project_file.write_text("[server]\nworkers=0\ndatabase_url='postgresql://u@h/n'\n")
    assert place.load().server.workers == 0


def test_settings_refuses_a_home_that_cannot_be_used(place: Place) -> None:
    (place.root / "home").touch()
    with pytest.raises(SetupError, match="not a folder"):
        place.load()


def test_every_section_is_frozen_and_closed() -> None:
    for section in Section.__subclasses__():
        assert section.model_config.get("frozen"), section
        assert section.model_config.get("extra") == "forbid", section
    assert Configuration().agents == {}


def test_the_documented_defaults_are_the_defaults(place: Place) -> None:
    page = Path(__file__).parents[2] / "docs" / "reference" / "configuration.md"
    block = page.read_text().split("```toml\n")[1].split("```")[0]
    plain = place.load()
    place.project_file.write_text(block)
    documented = place.load()
    for name in Configuration.model_fields:
        assert getattr(documented, name) == getattr(plain, name), name
    keys = {key for key, _, source in documented.listing() if source != "default"}
    known = {key for key, _, _ in plain.listing() if not key.startswith("agents.")}
    agent = {key for key, _, _ in plain.listing() if key.startswith("agents.backend-api.")}
    assert keys - known - agent == set()
    unset = {"approvals.expires", "home", "budget.usd_per_day", "agents.backend-api.max_ready"}
    assert known | agent == keys | unset
