"""Reading monitors: a process of its own, so that neither the load nor its parent waits for one."""
