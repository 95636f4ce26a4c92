"""Hold the program that stands in for Cloudstor inside the plugin."""
