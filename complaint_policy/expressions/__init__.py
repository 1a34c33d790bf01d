"""The four expressions of the policy language: instant, span, value and condition.

``nodes``      what an expression is, checked and typed
``parse_*``    from the located tree to nodes, with every problem at its place
``compile``    from nodes to functions of a record's state
``describe``   from nodes to words, in English and Chinese
"""
