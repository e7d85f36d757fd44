"""Text in, typed runbook out."""
