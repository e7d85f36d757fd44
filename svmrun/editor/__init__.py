"""What an editor asks of a runbook while it is written. Pure: texts in, places and sentences out."""
