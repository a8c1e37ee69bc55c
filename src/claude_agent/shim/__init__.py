"""The shim: the small process that runs a command, writes what happens to files and needs nobody.

It imports the standard library alone, and of that only built-in modules where it can: `json`,
`socket`, `signal` and `os` together cost more time than all that the shim itself does at the start.
"""
