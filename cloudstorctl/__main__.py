"""Lets `python -m cloudstorctl` run the program."""

from cloudstorctl.cli import run

run()
