#!/usr/bin/env python3
"""Random programs and their answers by PyTorch, as reference cases in the form of tests/golden/FORMAT.md.

    draw.py DIRECTORY [CASES] [SEED] [FROM]     draws cases, the first of which has number FROM
    draw.py DIRECTORY --cut REPORT              of each case of DIRECTORY that the report calls failed: its program cut after each line

A case is a program of 1 to 15 operations over leaves of 0 to 6 axes, some of size 0 or 1, some of them views; what is judged are
values, gradients, and products of the second derivatives with a vector. Values are kept away from kinks, ties and overflow, where
two frameworks may differ with good reason; one case in eight is of the other kind, a single operation of infinities, zeros of both
signs, NaN and subnormals, of which values alone are judged.
"""

import json
import math
import pathlib
import random
import sys

import numpy as np
import torch
from safetensors.numpy import save_file

FAR = 1e3  # no value is larger
NEAR = 1e-3  # nor nearer to a kink, or to another of which the larger is asked


class Misfit(Exception):
    """The operation does not fit the operand, or is undefined or undecided there."""


def need(condition):
    if not bool(condition):
        raise Misfit


def off(x, *kinks):
    for kink in kinks:
        need(((x - kink).abs() > NEAR).all())


def apart(x, dim):
    """No two elements along an axis are nearly equal."""
    need(x.numel() and x.ndim)
    s = x.sort(dim).values
    need((s.diff(dim=dim).abs() > NEAR).all())


def between(low, high):
    def check(x):
        need((x > low).all() and (x < high).all())

    return check


def anything(_):
    pass


# name: (attributes drawn, function, check of the operand)
UNARY = {
    "abs": (lambda r: {}, torch.abs, lambda x: off(x, 0)),
    "acos": (lambda r: {}, torch.acos, between(-0.95, 0.95)),
    "asin": (lambda r: {}, torch.asin, between(-0.95, 0.95)),
    "cos": (lambda r: {}, torch.cos, anything),
    "cosh": (lambda r: {}, torch.cosh, between(-5, 5)),
    "erf": (lambda r: {}, torch.erf, anything),
    "exp": (lambda r: {}, torch.exp, between(-9, 5)),
    "exp2": (lambda r: {}, torch.exp2, between(-9, 6)),
    "expm1": (lambda r: {}, torch.expm1, between(-9, 5)),
    "log": (lambda r: {}, torch.log, between(0.05, FAR)),
    "log1p": (lambda r: {}, torch.log1p, between(-0.9, FAR)),
    "log2": (lambda r: {}, torch.log2, between(0.05, FAR)),
    "neg": (lambda r: {}, torch.neg, anything),
    "reciprocal": (lambda r: {}, torch.reciprocal, lambda x: need((x.abs() > 0.05).all())),
    "rsqrt": (lambda r: {}, torch.rsqrt, between(0.05, FAR)),
    "sigmoid": (lambda r: {}, torch.sigmoid, anything),
    "sin": (lambda r: {}, torch.sin, anything),
    "sinh": (lambda r: {}, torch.sinh, between(-5, 5)),
    "sqrt": (lambda r: {}, torch.sqrt, between(0.05, FAR)),
    "square": (lambda r: {}, torch.square, anything),
    "tan": (lambda r: {}, torch.tan, between(-1.2, 1.2)),
    "tanh": (lambda r: {}, torch.tanh, anything),
    "elu": (lambda r: {"alpha": r.choice([0.5, 1.0])}, torch.nn.functional.elu, lambda x: off(x, 0)),
    "gelu": (lambda r: {"approximate": r.choice(["none", "tanh"])}, torch.nn.functional.gelu, anything),
    "hardsigmoid": (lambda r: {}, torch.nn.functional.hardsigmoid, lambda x: off(x, -3, 3)),
    "leaky_relu": (lambda r: {"negative_slope": 0.1}, torch.nn.functional.leaky_relu, lambda x: off(x, 0)),
    "logsigmoid": (lambda r: {}, torch.nn.functional.logsigmoid, anything),
    "relu": (lambda r: {}, torch.relu, lambda x: off(x, 0)),
    "selu": (lambda r: {}, torch.nn.functional.selu, lambda x: off(x, 0)),
    "silu": (lambda r: {}, torch.nn.functional.silu, anything),
    "softplus": (lambda r: {"beta": 1, "threshold": 20}, torch.nn.functional.softplus, lambda x: off(x, 20)),
    "softsign": (lambda r: {}, torch.nn.functional.softsign, lambda x: off(x, 0)),
    "tanhshrink": (lambda r: {}, torch.nn.functional.tanhshrink, anything),
    "clamp": (lambda r: {"min": -0.7, "max": 0.9}, torch.clamp, lambda x: off(x, -0.7, 0.9)),
    "pow": (lambda r: {"exponent": r.choice([2, 3])}, torch.pow, between(-9, 9)),
}

BINARY = {
    "add": (lambda r: {"alpha": 1}, torch.add, lambda a, b: None),
    "sub": (lambda r: {"alpha": 1}, torch.sub, lambda a, b: None),
    "mul": (lambda r: {}, torch.mul, lambda a, b: None),
    "div": (lambda r: {}, torch.div, lambda a, b: need((b.abs() > 0.05).all())),
    "atan2": (lambda r: {}, torch.atan2, lambda a, b: need((a.abs() + b.abs() > 0.05).all())),
    "hypot": (lambda r: {}, torch.hypot, lambda a, b: need((a.abs() + b.abs() > 0.05).all())),
    "logaddexp": (lambda r: {}, torch.logaddexp, lambda a, b: None),
    "maximum": (lambda r: {}, torch.maximum, lambda a, b: off(a - b, 0)),
    "minimum": (lambda r: {}, torch.minimum, lambda a, b: off(a - b, 0)),
}


def axis(r, x):
    need(x.ndim)
    return r.randrange(-x.ndim, x.ndim)


def axes(r, x):
    if x.ndim == 0 or r.random() < 0.3:
        return None
    return sorted(r.sample(range(x.ndim), r.randrange(1, x.ndim + 1)))


def reduction(name, **more):
    def draw(r, x):
        return {"dim": axes(r, x), "keepdim": r.random() < 0.5, **more}

    def run(x, dim, keepdim, **more):
        every = list(range(x.ndim)) if dim is None else dim
        least = 2 if name in ("var", "std") else 1
        need(every and math.prod(x.shape[i] for i in every) >= least)
        y = getattr(torch, name)(x, dim=every, keepdim=keepdim, **more)
        if name == "std":
            need((y > 0.05).all())
        return y

    return draw, run


def extremum(function):
    def draw(r, x):
        dim = axis(r, x)
        apart(x, dim)
        return {"dim": [dim], "keepdim": r.random() < 0.5}

    return draw, lambda x, dim, keepdim: function(x, dim=dim, keepdim=keepdim)


def along(function, check=lambda x, dim: None):
    def draw(r, x):
        dim = axis(r, x)
        need(x.shape[dim])
        check(x, dim)
        return {"dim": dim}

    return draw, lambda x, dim: function(x, dim=dim)


def reshape(r, x):
    need(x.numel())
    return {"shape": r.choice([[-1], [x.shape[0], -1] if x.ndim else [1], [1, -1]])}


def permute(r, x):
    return {"dims": r.sample(range(x.ndim), x.ndim)}


def narrow(r, x):
    dim = axis(r, x)
    start = r.randrange(0, x.shape[dim] + 1)
    return {"dim": dim, "start": start, "length": r.randrange(0, x.shape[dim] - start + 1)}


def flip(r, x):
    need(x.ndim)
    return {"dims": r.sample(range(x.ndim), r.randrange(1, x.ndim + 1))}


def expand(r, x):
    need(x.ndim < 7)
    return {"size": [r.choice([1, 2, 3])] * r.randrange(0, 2) + [r.choice([2, 3]) if n == 1 else n for n in x.shape]}


def roll(r, x):
    return {"shifts": [r.randrange(-3, 4)], "dims": [axis(r, x)]}


def triangle(r, x):
    need(x.ndim >= 2)
    return {"diagonal": r.randrange(-2, 3)}


def diagonal(r, x):
    need(x.ndim >= 2)
    a, b = r.sample(range(x.ndim), 2)
    return {"offset": r.randrange(-1, 2), "dim1": a, "dim2": b}


# Without logcumsumexp: finite differences show that PyTorch 2.15's gradient of it is right to some 1e-8 in f64, and its second
# derivative wrong where another gradient is added to that of its operand.
SHAPED = {
    "sum": reduction("sum"),
    "mean": reduction("mean"),
    "var": reduction("var", correction=1),
    "std": reduction("std", correction=1),
    "logsumexp": reduction("logsumexp"),
    "amax": extremum(torch.amax),
    "amin": extremum(torch.amin),
    "softmax": along(torch.softmax),
    "log_softmax": along(torch.log_softmax),
    "cumsum": along(torch.cumsum),
    "cumprod": along(torch.cumprod, lambda x, dim: need((x.abs() > 0.05).all())),
    "reshape": (reshape, lambda x, shape: x.reshape(shape)),
    "permute": (permute, lambda x, dims: x.permute(dims)),
    "narrow": (narrow, lambda x, dim, start, length: x.narrow(dim, start, length)),
    "flip": (flip, lambda x, dims: x.flip(dims)),
    "expand": (expand, lambda x, size: x.expand(size)),
    "roll": (roll, lambda x, shifts, dims: x.roll(shifts, dims)),
    "tril": (triangle, torch.tril),
    "triu": (triangle, torch.triu),
    "diagonal": (diagonal, torch.diagonal),
    "unsqueeze": (lambda r, x: {"dim": r.randrange(-x.ndim - 1, x.ndim + 1)}, torch.unsqueeze),
}


def line(r, values):
    """An operation on some of the values: its name, the names of its operands, of its parameters, attributes, and its value."""
    name = r.choice(list(values))
    x = values[name]
    kind = r.random()
    if kind < 0.35:
        op = r.choice(list(UNARY))
        draw, function, check = UNARY[op]
        check(x)
        attrs = draw(r)
        return op, [name], ["x"], attrs, function(x, **attrs)
    if kind < 0.6:
        op = r.choice(list(BINARY))
        draw, function, check = BINARY[op]
        other = r.choice(list(values))
        check(x, values[other])
        attrs = draw(r)
        return op, [name, other], ["x", "other"], attrs, function(x, values[other], **attrs)
    if kind < 0.68:
        other = r.choice(list(values))
        need(x.ndim and values[other].ndim)
        return "matmul", [name, other], ["x", "other"], {}, torch.matmul(x, values[other])
    if kind < 0.72:
        other = r.choice(list(values))
        dim = axis(r, x)
        need(x.ndim == values[other].ndim)  # PyTorch joins [0] to anything
        return "cat", [name, other], [], {"dim": dim}, torch.cat([x, values[other]], dim)
    op = r.choice(list(SHAPED))
    draw, function = SHAPED[op]
    attrs = draw(r, x)
    return op, [name], ["x"], attrs, function(x, **attrs)


def leaf(r, g, dtype):
    """A stored tensor, and the views through which the program sees it."""
    rank = r.choice([0, 1, 1, 2, 2, 2, 3, 3, 4, 5, 6])
    most = 4 if rank < 4 else 2
    sizes = [0 if r.random() < 0.02 else r.choice([1, 2, 3, most]) for _ in range(rank)]
    x = torch.from_numpy(g.uniform(-2, 2, sizes)).to(dtype)
    views = []
    if rank and r.random() < 0.4:
        kind = r.choice(["permute", "narrow", "expand"])
        if kind == "permute":
            views.append(["permute", r.sample(range(rank), rank)])
        elif kind == "narrow":
            dim = r.randrange(rank)
            start = r.randrange(0, sizes[dim] + 1)
            views.append(["narrow", dim, start, sizes[dim] - start])
        else:
            views.append(["expand", [2] + sizes])
    return x, views


def seen(x, views):
    for name, *args in views:
        x = getattr(x, name)(*args)
    return x


def run(lines, leaves, views):
    """The values of a program that is known."""
    values = {name: seen(x, views[name]) for name, x in leaves.items()}
    for entry in lines:
        op, xs = entry["op"], [values[name] for name in entry["in"]]
        if op == "cat":
            y = torch.cat(xs, entry["attrs"]["dim"])
        elif op == "matmul":
            y = torch.matmul(*xs)
        elif op in BINARY:
            y = BINARY[op][1](*xs, **entry["attrs"])
        elif op in UNARY:
            y = UNARY[op][1](*xs, **entry["attrs"])
        else:
            y = SHAPED[op][1](*xs, **entry["attrs"])
        values[entry["out"]] = y
    return values


def program(r, g, dtype):
    leaves, views = {}, {}
    for name in "abcd"[: r.randrange(1, 5)]:
        leaves[name], views[name] = leaf(r, g, dtype)
    values = {name: seen(x, views[name]) for name, x in leaves.items()}
    lines, tries = [], 0
    wanted = r.choice([1, 2, 3, 5, 8, 11, 15])
    while len(lines) < wanted and tries < 200:
        tries += 1
        try:
            op, given, args, attrs, y = line(r, values)
            need(y.numel() <= 400 and torch.isfinite(y).all() and (y.abs() < FAR).all())
        except (Misfit, RuntimeError, IndexError, TypeError, ValueError):
            continue
        out = f"t{len(lines)}"
        lines.append({"op": op, "in": given, "args": args, "attrs": attrs, "out": out})
        values[out] = y
    need(lines)
    return lines, leaves, views


def judged(lines, leaves, views, dtype, g, after=None):
    """The fields of a case and its tensors: values, gradients, second order, by PyTorch."""
    lines = lines if after is None else lines[: after + 1]
    stored = {name: x.clone().requires_grad_(True) for name, x in leaves.items()}
    values = run(lines, stored, views)
    used = {name for entry in lines for name in entry["in"]}
    outputs = [entry["out"] for entry in lines if entry["out"] not in used]
    if after is not None:
        outputs = [lines[-1]["out"]]
    weights = {name: torch.from_numpy(g.uniform(-1, 1, tuple(values[name].shape))).to(dtype) for name in outputs}
    loss = sum((weights[name] * values[name]).sum() for name in outputs)
    names = list(stored)
    grads = torch.autograd.grad(loss, [stored[n] for n in names], create_graph=True, allow_unused=True)
    first = dict(zip(names, grads))
    along = [n for n in names if first[n] is not None and first[n].requires_grad]
    tensors = {name: x.detach() for name, x in leaves.items()}
    tensors |= {name: values[name].detach() for name in outputs}
    tensors |= {f"w.{name}": w for name, w in weights.items()}
    zeros = {n: torch.zeros_like(stored[n]) for n in names}
    tensors |= {f"g.{n}": (zeros[n] if first[n] is None else first[n]).detach() for n in names}
    case = {
        "inputs": names,
        "outputs": outputs,
        "diff": outputs,
        "grads": names,
        "pre": {n: views[n] for n in names if views[n]},
        "program": lines,
    }
    second = []
    if along:
        v = {n: torch.from_numpy(g.uniform(-1, 1, tuple(first[n].shape))).to(dtype) for n in along}
        s = sum((v[n] * first[n]).sum() for n in along)
        hs = torch.autograd.grad(s, [stored[n] for n in names], allow_unused=True)
        second = [zeros[n] if h is None else h.detach() for n, h in zip(names, hs)]
        tensors |= {f"v.{n}": v[n] for n in along}
        tensors |= {f"h.{n}": h for n, h in zip(names, second)}
        case["hvp"] = along
    for t in [*grads, *second]:
        need(t is None or (torch.isfinite(t).all() and (t.abs() < 1e7).all()))
    loose = 1 if dtype == torch.float64 else 1e5

    def tolerance(least, of):
        most = max([1.0] + [float(t.detach().abs().max()) for t in of if t is not None and t.numel()])
        return [least * loose, least * loose * most]

    case["tol"] = {
        "y": tolerance(1e-9, [values[n] for n in outputs]),
        "g": tolerance(1e-8, grads),
        "h": tolerance(1e-7, second),
    }
    return case, tensors


SPECIAL = [0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan, 1e-310, -5e-324, 1e308, -1e308, 0.5, 2.0, 700.0, -745.0, 1e-8]
EDGES = [
    "abs acos asin cos cosh erf exp exp2 expm1 log log1p log2 neg reciprocal rsqrt sigmoid sin sinh sqrt square tanh relu silu".split(),
    "add sub mul div maximum minimum hypot logaddexp atan2".split(),
]


def edge(r, dtype):
    """One operation of numbers at the edges: values alone."""
    numbers = SPECIAL if dtype == torch.float64 else [float(np.float32(max(min(x, 3e38), -3e38)) if math.isfinite(x) else x) for x in SPECIAL]
    if r.random() < 0.5:
        op = r.choice(EDGES[0])
        x = torch.tensor(numbers, dtype=dtype)
        return op, ["x"], {"x": x}, {}, UNARY[op][1](x)
    op = r.choice(EDGES[1])
    x = torch.tensor(numbers, dtype=dtype)[:, None]
    other = torch.tensor(numbers, dtype=dtype)[None, :]
    attrs = BINARY[op][0](r)
    return op, ["x", "other"], {"x": x, "other": other}, attrs, BINARY[op][1](x, other, **attrs)


def write(directory, family, kind, cases, tensors):
    head = {"format": 1, "family": family, "kind": kind, "side": "public", "source": f"torch {torch.__version__}, drawn", "count": len(cases)}
    with open(directory / f"{family}.json", "w") as file:
        file.write(json.dumps(head)[:-1] + ', "cases": [\n')
        file.write(",\n".join(json.dumps(case) for case in cases) + "\n]}\n")
    save_file({key: np.array(x.numpy(force=True), order="C") for key, x in tensors.items()}, directory / f"{family}.safetensors")


def case_of(seed, n):
    """Case number n of a seed, whatever was drawn before."""
    r = random.Random(f"{seed}/{n}")
    g = np.random.default_rng([seed, n])
    dtype = torch.float64 if r.random() < 0.8 else torch.float32
    return r, g, dtype


def common(n, op, dtype, identity):
    kind = "f64" if dtype == torch.float64 else "f32"
    return {"id": identity.replace("*", kind), "op": op, "tier": "core", "dtype": kind, "source": "own", "attrs": {}, "n": n}


def draw(directory, count, seed, first):
    graphs, edges, parts, specials = [], [], {}, {}
    for n in range(first, first + count):
        r, g, dtype = case_of(seed, n)
        if n % 8 == 7:
            op, inputs, given, attrs, y = edge(r, dtype)
            case = common(n, op, dtype, f"edge/{op}/*/{seed}-{n}")
            least = 1e-12 if dtype == torch.float64 else 3e-6
            smallest = 1e-307 if dtype == torch.float64 else 1e-37
            case |= {"inputs": inputs, "attrs": attrs, "outputs": ["y"], "tol": {"y": [least, smallest]}}
            edges.append(case)
            specials |= {f"{n}.{name}": x for name, x in (given | {"y": y}).items()}
            continue
        try:
            lines, leaves, views = program(r, g, dtype)
            fields, tensors = judged(lines, leaves, views, dtype, g)
        except (Misfit, RuntimeError):
            continue
        graphs.append(common(n, "program", dtype, f"drawn/program/*/{seed}-{n}") | fields)
        parts |= {f"{n}.{name}": x for name, x in tensors.items()}
    write(directory, "drawn", "graph", graphs, parts)
    write(directory, "edge", "op", edges, specials)
    print(f"seed {seed}: {len(graphs)} programs of {sum(len(c['program']) for c in graphs)} operations, {len(edges)} of numbers at the edges")


def cut(directory, report):
    """The failed programs, cut after each line: the first of those that fails says which operation it is."""
    failed = {entry["id"] for entry in json.load(open(report))["failures"]}
    seeds = sorted(identity.rsplit("/", 1)[1] for identity in failed if identity.startswith("drawn/"))
    cases, parts = [], {}
    for which in seeds:
        seed, n = map(int, which.split("-"))
        r, g, dtype = case_of(seed, n)
        lines, leaves, views = program(r, g, dtype)
        for last in range(len(lines)):
            try:
                fields, tensors = judged(lines, leaves, views, dtype, g, after=last)
            except (Misfit, RuntimeError):
                continue
            number = len(cases)
            cases.append(common(number, "program", dtype, f"cut/program/*/{seed}-{n}/{last:02} {lines[last]['op']}") | fields)
            parts |= {f"{number}.{name}": x for name, x in tensors.items()}
    if not cases:
        sys.exit("nothing to cut: what failed are single operations, or the same programs pass when they are run again")
    write(directory, "cut", "graph", cases, parts)


if __name__ == "__main__":
    torch.set_num_threads(1)
    where = pathlib.Path(sys.argv[1])
    where.mkdir(parents=True, exist_ok=True)
    if sys.argv[2:3] == ["--cut"]:
        cut(where, sys.argv[3])
    else:
        count, seed, first = [*map(int, sys.argv[2:]), *[1000, 0, 0][len(sys.argv) - 2 :]]
        draw(where, count, seed, first)
