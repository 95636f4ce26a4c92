"""cloudstorctl: the safe toolkit for Cloudstor volumes on Docker Swarm."""

__version__ = "0.1.0"
