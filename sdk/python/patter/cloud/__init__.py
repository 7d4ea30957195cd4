"""A platform carries the calls: its socket, its REST interface, and what belongs to them."""
