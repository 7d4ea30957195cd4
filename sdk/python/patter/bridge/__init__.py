"""One phone call, carried: pure machines that decide, and one session that moves bytes."""
