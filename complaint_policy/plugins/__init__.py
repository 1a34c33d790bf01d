"""Where industries join in: the hooks are in ``hookspecs``, the host that calls them in ``host``."""
