"""Named actions: small standard-library programs that a step runs by name.

`registry` describes them as data; `python -m claude_agent.actions NAME` performs one of them.
"""
