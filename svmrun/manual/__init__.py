"""A runbook as a document for a person who follows it by hand, where svmrun is not there."""
