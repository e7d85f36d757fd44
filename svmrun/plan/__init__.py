"""From a runbook, parameters and facts to the immutable plan. Pure."""
