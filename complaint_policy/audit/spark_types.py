"""Spark's types and Polars': the schema of a table going in, of decisions and counts coming out."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import polars as pl

if TYPE_CHECKING:
    from pyspark.sql.types import StructType

__all__ = ["polars_schema", "quoted", "spark_schema"]

_PLAIN: Final[dict[str, Any]] = {
    "string": pl.String(), "varchar": pl.String(), "char": pl.String(), "boolean": pl.Boolean(), "binary": pl.Binary(), "void": pl.Null(),
    "tinyint": pl.Int8(), "smallint": pl.Int16(), "int": pl.Int32(), "bigint": pl.Int64(), "float": pl.Float32(), "double": pl.Float64(),
    "date": pl.Date(), "timestamp": pl.Datetime("us", "UTC"), "timestamp_ntz": pl.Datetime("us"),
}  # fmt: skip


def polars_schema(schema: StructType) -> tuple[pl.Schema, dict[str, str]]:
    """The columns under their trimmed names, and those of a type no field can be read from, with its name."""
    kinds: dict[str, Any] = {}
    unreadable: dict[str, str] = {}
    for field in schema.fields:
        name, kind = field.name.strip(), _polars(field.dataType)
        if kind is None:
            unreadable[name] = field.dataType.simpleString()
        kinds[name] = kind or pl.Null()
    return pl.Schema(kinds), unreadable


def _polars(kind: Any) -> Any:
    types: Any = import_module("pyspark.sql.types")
    if isinstance(kind, types.DecimalType):
        return pl.Decimal(kind.precision, kind.scale)
    if isinstance(kind, types.ArrayType):
        inner = _polars(kind.elementType)
        return None if inner is None else pl.List(inner)
    if isinstance(kind, types.StructType):
        fields = {field.name: _polars(field.dataType) for field in kind.fields}
        return None if None in fields.values() else pl.Struct(fields)
    return _PLAIN.get(kind.simpleString().partition("(")[0].partition(" ")[0])


def spark_schema(schema: pl.Schema) -> StructType:
    """The same columns for Spark."""
    types: Any = import_module("pyspark.sql.types")
    made: StructType = types.StructType([types.StructField(name, _spark(types, kind), True) for name, kind in schema.items()])
    return made


def _spark(types: Any, kind: Any) -> Any:
    if isinstance(kind, pl.List):
        return types.ArrayType(_spark(types, kind.inner))
    if isinstance(kind, pl.Decimal):
        return types.DecimalType(38, kind.scale)
    known = {pl.String: types.StringType, pl.Boolean: types.BooleanType, pl.Int64: types.LongType, pl.Datetime: types.TimestampType}
    return known[kind.base_type()]()


def quoted(name: str) -> str:
    """A column's name for Spark, where a dot would open a structure."""
    return "`" + name.replace("`", "``") + "`"
