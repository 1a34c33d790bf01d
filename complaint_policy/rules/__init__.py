"""One room a rule kind: its model, schema piece, checks, evaluation and words live together.

Rooms never import each other (a test holds this).  ``complaint_policy/registry.py`` lists them.
"""
