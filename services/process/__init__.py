"""What lives as long as a process: caches, circuit breakers, health, and the store of such objects."""
