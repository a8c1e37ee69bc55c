"""Gives deployed applications whose keeper was killed a new one."""

import logging
from pathlib import Path

from claude_agent.appd import client as appd
from claude_agent.appd.errors import AppError
from claude_agent.appd.paths import AppPaths

_LOG = logging.getLogger(__name__)


def attend_apps(home: Path) -> None:
    """Give every deployed application whose keeper was killed a new one (a reboot, say)."""
    for app in appd.apps(home):
        if app["state"] == "unattended":
            name = str(app["name"])
            try:
                appd.ensure(AppPaths(home=home, name=name))
                _LOG.info("the application %s has a keeper again", name)
            except AppError as error:
                _LOG.warning("the application %s stays down: %s", name, error.message)
