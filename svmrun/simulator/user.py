"""Who types a simulated command; apart from all else of the simulator, which a run on a real host does not need."""

USER_VARIABLE = "SVMSIM_USER"  # names in the environment who runs a command, when it is not the world's own user
