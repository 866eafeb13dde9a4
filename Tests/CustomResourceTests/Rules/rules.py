"""Looks at the CEL rules of custom resource definitions, as an API server does.

Reads {"definitions": {kind: schema}, "samples": [{"kind", "new", "old"?}]} from the file that is named. Answers
{"verdicts": [[message, ...], ...], "costs": [[kind, path, rule, cost], ...]}: for each sample the messages of the
rules that it breaks, and for each rule the most that it can cost by the server's estimate. Ends with an error where
the types of a rule don't fit.
"""

import json
import math
import sys

import celpy
from celpy.adapter import json_to_cel
from celpy.evaluation import CELEvalError

environment = celpy.Environment()
programs = {}


def breaks(rule, self, old):
    if rule not in programs:
        programs[rule] = environment.program(environment.compile(rule))
    values = {"self": json_to_cel(self)}
    if old is not None:
        values["oldSelf"] = json_to_cel(old)
    try:
        return not programs[rule].evaluate(values)
    except CELEvalError as error:
        return f"can't be evaluated: {error}"


def verdict(schema, value, old, found):
    for rule in schema.get("x-kubernetes-validations", []):
        # A rule that looks at the old value is only for an update of something that was there.
        if "oldSelf" in rule["rule"] and old is None:
            continue
        broken = breaks(rule["rule"], value, old)
        if broken:
            found.append(rule["message"] if broken is True else f"{rule['message']}: {broken}")
    if isinstance(value, dict):
        for name, member in value.items():
            below = schema.get("properties", {}).get(name) or schema.get("additionalProperties")
            if below:
                verdict(below, member, old.get(name) if isinstance(old, dict) else None, found)
    elif isinstance(value, list):
        keys = schema.get("x-kubernetes-list-map-keys")
        for item in value:
            # Items of a keyed list are the same by their keys; those of another can't be told.
            same = [o for o in old or [] if keys and all(o.get(k) == item.get(k) for k in keys)]
            verdict(schema["items"], item, same[0] if same else None, found)
    return found


# The types and the estimate, after checker/cost.go of cel-go and the size estimates of
# k8s.io/apiserver/pkg/cel/common/schemas.go. A server refuses a definition with a rule whose types don't fit, and the
# library doesn't look at types.


class Value:
    """What an expression is worth: what it costs at most, its type, and its schema or else its size."""

    def __init__(self, cost, kind=None, schema=None, size=1, items=None):
        self.cost = cost
        self.schema = schema or {}
        self.kind = kind or self.schema["type"]
        self.size = size
        self.items = items or self.schema.get("items", {}).get("type")

    def most(self):
        if self.schema:
            match self.kind:
                case "string":
                    # The server counts in bytes, four a character.
                    return 4 * self.schema["maxLength"] if "maxLength" in self.schema else math.inf
                case "array":
                    return self.schema.get("maxItems", math.inf)
                case "object":
                    return self.schema.get("maxProperties", math.inf) if "additionalProperties" in self.schema else 0
        return self.size

    def expect(self, *kinds):
        if self.kind not in kinds:
            raise TypeError(f"{self.kind} where {' or '.join(kinds)} is wanted")
        return self


def factor(size):
    return math.ceil(size * 0.1) if size != math.inf else math.inf


def only(tree):
    """Leaves out the levels of the grammar at which nothing happens."""
    while len(tree.children) == 1 and tree.data in (
        "expr conditionalor conditionaland relation addition multiplication unary member primary paren_expr".split()
    ):
        tree = tree.children[0]
    return tree


def look(tree, names):
    tree = only(tree)
    parts = tree.children
    of = lambda part: look(part, names)
    match tree.data:
        case "expr":
            condition, yes, no = map(of, parts)
            condition.expect("boolean")
            no.expect(yes.kind)
            return Value(condition.cost + max(yes.cost, no.cost), yes.kind, size=max(yes.most(), no.most()))
        case "conditionalor" | "conditionaland":
            return Value(sum(of(part).expect("boolean").cost for part in parts), "boolean")
        case "relation":
            operator, right = parts[0].data, of(parts[1])
            left = of(parts[0].children[0])
            cost = left.cost + right.cost
            match operator:
                case "relation_in":
                    left.expect(right.expect("array").items)
                    return Value(cost + right.most(), "boolean")
                case "relation_eq" | "relation_ne":
                    right.expect(left.kind)
                    return Value(cost + factor(min(left.most(), right.most())), "boolean")
                case "relation_lt" | "relation_le" | "relation_gt" | "relation_ge":
                    left.expect("integer"), right.expect("integer")
                    return Value(cost + 1, "boolean")
        case "unary":
            assert parts[0].data == "unary_not", tree
            return Value(1 + of(parts[1]).expect("boolean").cost, "boolean")
        case "member_dot":
            base = of(parts[0]).expect("object")
            return Value(base.cost + 1, schema=base.schema["properties"][parts[1].value])
        case "member_dot_arg":
            return call(parts, names)
        case "ident":
            return Value(1, schema=names[parts[0].value])
        case "ident_arg":
            assert parts[0].value == "has", tree
            return Value(1 + of(parts[1].children[0]).cost, "boolean")
        case "list_lit":
            items = [of(item) for item in parts[0].children]
            kind = items[0].kind
            return Value(10 + sum(i.expect(kind).cost for i in items), "array", size=len(items), items=kind)
        case "literal":
            match parts[0].type:
                case "STRING_LIT":
                    return Value(0, "string", size=len(parts[0].value))
                case "INT_LIT":
                    return Value(0, "integer")
                case "BOOL_LIT":
                    return Value(0, "boolean")
    raise ValueError(f"no way to look at {tree.data}: {tree}")


def call(parts, names):
    base, name = look(parts[0], names), parts[1].value
    arguments = parts[2].children if len(parts) > 2 else []
    if name == "size":
        base.expect("array", "string", "object")
        return Value(base.cost + 1, "integer")
    if name == "startsWith":
        base.expect("string")
        prefix = look(arguments[0], names).expect("string")
        return Value(base.cost + prefix.cost + factor(prefix.most()), "boolean")
    base.expect("array")
    variable = only(arguments[0]).children[0].value
    inner = look(arguments[1], {**names, variable: base.schema["items"]}).expect("boolean").cost
    # A macro is a loop: its condition, its step, and what is said in the end.
    condition, step, result = {"all": (2, 1, 1), "exists": (3, 1, 1), "exists_one": (0, 2, 2)}[name]
    return Value(base.cost + base.most() * (condition + step + inner) + result, "boolean")


def costs(kind, schema, path, times, found):
    for rule in schema.get("x-kubernetes-validations", []):
        tree = environment.compile(rule["rule"])
        cost = look(tree, {"self": schema, "oldSelf": schema}).expect("boolean").cost
        found.append([kind, path, rule["rule"], times * cost if times * cost != math.inf else -1])
    for name, below in schema.get("properties", {}).items():
        costs(kind, below, f"{path}.{name}", times, found)
    if "items" in schema:
        costs(kind, schema["items"], f"{path}[]", times * schema.get("maxItems", math.inf), found)
    if "additionalProperties" in schema:
        costs(kind, schema["additionalProperties"], f"{path}[]", times * schema.get("maxProperties", math.inf), found)
    return found


with open(sys.argv[1], encoding="utf-8") as file:
    question = json.load(file)
definitions = question["definitions"]
json.dump(
    {
        "verdicts": [
            verdict(definitions[sample["kind"]], sample["new"], sample.get("old"), [])
            for sample in question["samples"]
        ],
        "costs": [cost for kind, schema in definitions.items() for cost in costs(kind, schema, "", 1, [])],
    },
    sys.stdout,
)
