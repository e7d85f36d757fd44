"""One adapter per command: arguments in, command line out; output in, typed result out. Pure."""
