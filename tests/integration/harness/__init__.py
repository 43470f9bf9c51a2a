"""What the integration tests are made of: the daemon, a raw client, a fake worker, and waiting."""
