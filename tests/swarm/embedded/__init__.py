"""The embedded swarm of `cloudstorctl.demo` in the place of a lab of real engines."""
