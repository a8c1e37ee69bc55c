"""Keeps one deployed application answering: a small standard-library process per application.

It holds the listening socket, starts releases on it, switches between them without a refused
connection, and restarts what crashes. It belongs to no run and to no server: it ends when told.
"""
