"""Industries: what a sector adds that YAML alone cannot say.

A rule kind made elsewhere is handed in where a policy is loaded: ``load_policy(source, kinds=(*BUILTIN_KINDS, MINE))``.
"""
