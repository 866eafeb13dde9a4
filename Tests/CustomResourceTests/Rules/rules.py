"""Looks at the CEL rules of custom resource definitions, as an API server does.

Reads {"definitions": {kind: schema}, "samples": [{"kind", "new", "old"?}]} from the file that is named. Answers
{"verdicts": [[message, ...], ...], "costs": [[kind, path, rule, cost], ...]}: for each sample the messages of the
rules that it breaks, and for each rule the most that it can cost by the server's estimate.
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


# The estimate, after checker/cost.go of cel-go and the size estimates of k8s.io/apiserver/pkg/cel/common/schemas.go.


class Estimate:
    """What an expression costs at most, and the schema or the size of its value."""

    def __init__(self, cost, schema=None, size=None):
        self.cost = cost
        self.schema = schema
        self.size = size

    def most(self):
        if self.size is not None:
            return self.size
        schema = self.schema or {}
        kind = schema.get("type")
        if kind == "string":
            # The server counts in bytes, four a character.
            return 4 * schema["maxLength"] if "maxLength" in schema else math.inf
        if kind == "array":
            return schema.get("maxItems", math.inf)
        if kind == "object":
            return schema.get("maxProperties", math.inf) if "additionalProperties" in schema else 0
        return 1 if kind in ("integer", "boolean", "number") else math.inf


def factor(size):
    return math.ceil(size * 0.1) if size != math.inf else math.inf


def only(tree):
    """Leaves out the levels of the grammar at which nothing happens."""
    while len(tree.children) == 1 and tree.data in (
        "expr conditionalor conditionaland relation addition multiplication unary member primary paren_expr".split()
    ):
        tree = tree.children[0]
    return tree


def estimate(tree, names):
    tree = only(tree)
    parts = tree.children
    of = lambda part: estimate(part, names)
    match tree.data:
        case "expr":
            condition, yes, no = map(of, parts)
            size = max(yes.most(), no.most())
            return Estimate(condition.cost + max(yes.cost, no.cost), size=size)
        case "conditionalor" | "conditionaland":
            # With `&&` and `||`, the left side comes first, then the operator's own node or the right side.
            return Estimate(sum(of(part).cost for part in parts), size=1)
        case "relation":
            operator, right = parts[0], of(parts[1])
            left = of(operator.children[0])
            cost = left.cost + right.cost
            match operator.data:
                case "relation_in":
                    return Estimate(cost + right.most(), size=1)
                case "relation_eq" | "relation_ne":
                    return Estimate(cost + factor(min(left.most(), right.most())), size=1)
                case "relation_lt" | "relation_le" | "relation_gt" | "relation_ge":
                    return Estimate(cost + 1, size=1)
        case "unary":
            assert parts[0].data == "unary_not", tree
            return Estimate(1 + of(parts[1]).cost, size=1)
        case "member_dot":
            base = of(parts[0])
            return Estimate(base.cost + 1, schema=base.schema["properties"][parts[1].value])
        case "member_dot_arg":
            return call(parts, names)
        case "ident":
            return Estimate(1, schema=names[parts[0].value])
        case "ident_arg":
            assert parts[0].value == "has", tree
            return Estimate(1 + of(parts[1].children[0]).cost, size=1)
        case "list_lit":
            items = [of(item) for item in parts[0].children] if parts else []
            return Estimate(10 + sum(item.cost for item in items), size=len(items))
        case "literal":
            return Estimate(0, size=len(parts[0].value) if parts[0].type == "STRING_LIT" else 1)
    raise ValueError(f"no estimate for {tree.data}: {tree}")


def call(parts, names):
    base, name = estimate(parts[0], names), parts[1].value
    arguments = parts[2].children if len(parts) > 2 else []
    if name == "size":
        return Estimate(base.cost + 1, size=1)
    if name == "startsWith":
        prefix = estimate(arguments[0], names)
        return Estimate(base.cost + prefix.cost + factor(prefix.most()), size=1)
    variable = only(arguments[0]).children[0].value
    inner = estimate(arguments[1], {**names, variable: base.schema["items"]}).cost
    # A macro is a loop: its condition, its step, and what is said in the end.
    condition, step, result = {"all": (2, 1, 1), "exists": (3, 1, 1), "exists_one": (0, 2, 2)}[name]
    return Estimate(base.cost + base.most() * (condition + step + inner) + result, size=1)


def costs(kind, schema, path, times, found):
    for rule in schema.get("x-kubernetes-validations", []):
        tree = environment.compile(rule["rule"])
        cost = estimate(tree, {"self": schema, "oldSelf": schema}).cost
        found.append([kind, path, rule["rule"], times * cost if times * cost != math.inf else -1])
    for name, below in schema.get("properties", {}).items():
        costs(kind, below, f"{path}.{name}", times, found)
    if "items" in schema:
        costs(kind, schema["items"], f"{path}[]", times * schema["maxItems"], found)
    if "additionalProperties" in schema:
        costs(kind, schema["additionalProperties"], f"{path}[]", times * schema["maxProperties"], found)
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
