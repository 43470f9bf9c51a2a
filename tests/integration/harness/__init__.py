"""The parts of the integration tests: the daemon, a raw client, a fake worker, and waiting."""
