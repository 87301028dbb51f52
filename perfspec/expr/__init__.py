"""Expressions, templates and JSON paths: compiled once into closures, nothing to escape from."""

from __future__ import annotations

from perfspec.expr.errors import ExpressionError
from perfspec.expr.expression import Expression, parse_expression
from perfspec.expr.fill import fill_variables
from perfspec.expr.jsonpath import JsonPath, parse_path
from perfspec.expr.nested import ValueTemplate, parse_value
from perfspec.expr.nodes import Reference, Variable
from perfspec.expr.template import Template, parse_template
from perfspec.expr.tools import Closure, Scope, Tools

__all__ = [
    "Closure",
    "Expression",
    "ExpressionError",
    "JsonPath",
    "Reference",
    "Scope",
    "Template",
    "Tools",
    "ValueTemplate",
    "Variable",
    "fill_variables",
    "parse_expression",
    "parse_path",
    "parse_template",
    "parse_value",
]
