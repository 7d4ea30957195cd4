"""How often the platform looks for work that nobody woke it for."""

TICK_S = 5.0
