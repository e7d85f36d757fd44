"""Every failure of a runbook, tried in memory against a world, before it touches a disk."""
