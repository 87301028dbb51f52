"""Making it happen: services, hooks, guard, the supervisor of the load process."""
