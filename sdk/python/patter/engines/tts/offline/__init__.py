"""A voice without an account: espeak-ng, in a process of its own because it is GPL-3."""
