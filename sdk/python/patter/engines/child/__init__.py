"""Libraries that must not be loaded into this process, in children that speak over pipes."""
