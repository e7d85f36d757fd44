"""svmrun: run backup procedures written as YAML runbooks, and leave the machine as it was found."""

__version__ = "0.1.0"
