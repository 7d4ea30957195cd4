"""What every simulated carrier shares: its faults, its media socket, its bill, its control interface."""
