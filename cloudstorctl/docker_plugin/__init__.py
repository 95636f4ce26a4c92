"""`docker cloudstor …`: this program as a plugin of the docker command line.

The protocol is that of docker/cli: cli-plugins/metadata/metadata.go and cli-plugins/manager.
"""
