"""The arithmetic of the gate: arrays in, arrays out; no limit, no name, no file."""
