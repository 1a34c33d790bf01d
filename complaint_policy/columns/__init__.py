"""A policy on columns: the same meaning as the record evaluation, compiled to Polars expressions.

What can be enumerated (levels, categories, outcomes, answers of conditions, unknown ones included) is a small *code*, and the
record evaluation itself is asked once, beforehand, what each combination gives; the answers are tables that rows look up.
What cannot (instants, amounts) is compared and counted on columns.  A row whose values are more than that can say is *left to*
the record evaluation.  Needs Polars; nothing in the core imports this package before a table is judged.
"""
