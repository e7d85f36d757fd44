"""A new runbook out of one that comes with svmrun, and a person's answers."""
