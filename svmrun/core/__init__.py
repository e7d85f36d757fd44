"""Events, state and decisions of a run. Pure, standard library only."""
