"""A strict model of the Solaris commands, on disk sets that exist only in a file."""
