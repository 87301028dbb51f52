"""The vendors' libraries, each known to one module: see ``perfspec.baseline.bucket``."""
