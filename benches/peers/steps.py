"""The nets of `steps` in NumPy (by hand), JAX and PyTorch: a JSON line for each workload, as `steps` prints.

    python3 -m venv venv && venv/bin/pip install -r benches/peers/requirements.txt
    venv/bin/python benches/peers/steps.py draw DIR                 # data and first weights, once
    PEERS_DATA=DIR PYTHON=venv/bin/python benches/compare.sh 3 "numpy jax torch" tiny mnist

`steps.py PEER WORKLOAD...`, PEER being numpy, jax or torch; it needs PEERS_DATA, and reads THREADS, WINDOWS and WINDOW_S
as `steps` does.
"""

import os
import sys
from pathlib import Path

import clock  # (sets the number of threads, which NumPy reads when it is imported)
import numpy as np
from safetensors.numpy import load_file, save_file

MNIST = [784, 256, 128, 10]
# Sizes, activation, batch, (method, rate, momentum) or nothing, whether the targets are classes.
WORKLOADS = {
    "linreg": ([1, 1], "none", 10, ("sgd", 0.01, 0.0), False),
    "seedmlp": ([10, 5, 1], "tanh", 32, ("sgd", 0.01, 0.0), False),
    "tiny": ([2, 16, 16, 1], "tanh", 32, ("sgd", 0.05, 0.0), False),
    "deep": ([64] * 51 + [10], "tanh", 32, ("sgd", 0.01, 0.0), True),
    "digits": ([64, 128, 10], "relu", 64, ("adam", 1e-3, 0.0), True),
    "mnist": (MNIST, "relu", 128, ("adam", 1e-3, 0.0), True),
    "wide": ([1024, 2048, 2048, 1000], "relu", 256, ("sgd", 0.01, 0.9), True),
    "infer1": (MNIST, "relu", 1, None, False),
    "infer256": (MNIST, "relu", 256, None, False),
}


def draw(directory):
    """Writes data and first weights of every workload."""
    Path(directory).mkdir(parents=True, exist_ok=True)
    for name, (sizes, _, batch, training, classes) in WORKLOADS.items():
        rng = np.random.default_rng(7)
        tensors = {}
        for i, (inputs, outputs) in enumerate(zip(sizes, sizes[1:])):
            bound = inputs**-0.5
            tensors[f"l{i}.weight"] = rng.uniform(-bound, bound, (outputs, inputs)).astype(np.float32)
            tensors[f"l{i}.bias"] = rng.uniform(-bound, bound, outputs).astype(np.float32)
        x = rng.standard_normal((batch, sizes[0])).astype(np.float32)
        tensors["x"] = x
        if training and classes:
            tensors["y"] = rng.integers(0, sizes[-1], batch)
        elif training:
            tensors["y"] = np.sin(x.sum(1, keepdims=True))
        save_file(tensors, Path(directory) / f"{name}.safetensors")


def load(name):
    sizes = WORKLOADS[name][0]
    tensors = load_file(Path(os.environ["PEERS_DATA"]) / f"{name}.safetensors")
    layers = [(tensors[f"l{i}.weight"], tensors[f"l{i}.bias"]) for i in range(len(sizes) - 1)]
    return layers, tensors["x"], tensors.get("y")


def numpy_step(name):
    """Forward, backward and update written out by hand, in place."""
    _, activation, batch, training, classes = WORKLOADS[name]
    layers, x, y = load(name)
    layers = [(w.copy(), b.copy()) for w, b in layers]
    moments = [[(np.zeros_like(p), np.zeros_like(p)) for p in layer] for layer in layers]
    count = 0

    def step():
        nonlocal count
        values = [x]
        for i, (w, b) in enumerate(layers):
            h = values[-1] @ w.T + b
            if i + 1 < len(layers) and activation != "none":
                h = np.tanh(h) if activation == "tanh" else np.maximum(h, 0)
            values.append(h)
        if training is None:
            return values[-1]
        out = values[-1]
        if classes:
            shifted = out - out.max(1, keepdims=True)
            exp = np.exp(shifted)
            total = exp.sum(1, keepdims=True)
            rows = np.arange(batch)
            loss = float(np.mean(np.log(total[:, 0]) - shifted[rows, y]))
            g = exp / total
            g[rows, y] -= 1
            g /= batch
        else:
            off = out - y
            loss = float(np.mean(off * off))
            g = off * np.float32(2 / off.size)
        count += 1
        method, rate, momentum = training
        for i in reversed(range(len(layers))):
            w, b = layers[i]
            gradients = (g.T @ values[i], g.sum(0))
            if i:
                h = values[i]
                g = (g @ w) * ((1 - h * h) if activation == "tanh" else (h > 0))
            for p, gradient, (m, v) in zip((w, b), gradients, moments[i]):
                if method == "adam":
                    m += np.float32(0.1) * (gradient - m)
                    v += np.float32(0.001) * (gradient * gradient - v)
                    scale = np.float32(rate / (1 - 0.9**count))
                    p -= scale * m / (np.sqrt(v) / np.float32((1 - 0.999**count) ** 0.5) + np.float32(1e-8))
                elif momentum:
                    m *= np.float32(momentum)
                    m += gradient
                    p -= np.float32(rate) * m
                else:
                    p -= np.float32(rate) * gradient
        return loss

    return step


def jax_step(name):
    """The whole step compiled; the arrays of the old state are given up for those of the new."""
    import jax
    import jax.numpy as jnp

    _, activation, _, training, classes = WORKLOADS[name]
    layers, x, y = load(name)
    x = jnp.asarray(x)
    y = None if y is None else jnp.asarray(y)

    def forward(layers, x):
        for i, (w, b) in enumerate(layers):
            x = x @ w.T + b
            if i + 1 < len(layers) and activation != "none":
                x = jnp.tanh(x) if activation == "tanh" else jax.nn.relu(x)
        return x

    if training is None:
        run, layers = jax.jit(forward), jax.tree.map(jnp.asarray, layers)
        return lambda: np.asarray(run(layers, x))
    method, rate, momentum = training

    def loss(layers):
        out = forward(layers, x)
        if classes:
            return -jnp.take_along_axis(jax.nn.log_softmax(out), y[:, None], 1).mean()
        return ((out - y) ** 2).mean()

    def update(state, step_rate, root):
        layers, m, v = state
        value, g = jax.value_and_grad(loss)(layers)
        if method == "adam":
            m = jax.tree.map(lambda m, g: m + 0.1 * (g - m), m, g)
            v = jax.tree.map(lambda v, g: v + 0.001 * (g * g - v), v, g)
            move = jax.tree.map(lambda m, v: step_rate * m / (jnp.sqrt(v) / root + 1e-8), m, v)
        else:
            m = jax.tree.map(lambda m, g: momentum * m + g, m, g) if momentum else m
            move = jax.tree.map(lambda g: rate * g, m if momentum else g)
        return (jax.tree.map(lambda p, d: p - d, layers, move), m, v), value

    run = jax.jit(update, donate_argnums=0)
    layers = jax.tree.map(jnp.array, layers)
    zeros = lambda: jax.tree.map(jnp.zeros_like, layers)  # noqa: E731
    state, count = (layers, zeros(), zeros()), 0

    def step():
        nonlocal state, count
        count += 1
        # The corrections of Adam in double precision, as the others compute them.
        state, value = run(state, np.float32(rate / (1 - 0.9**count)), np.float32((1 - 0.999**count) ** 0.5))
        return float(value)

    return step


def torch_step(name):
    """PyTorch's usual loop, with its fused optimisers."""
    import torch

    torch.set_num_threads(int(clock.THREADS))
    _, activation, _, training, classes = WORKLOADS[name]
    layers, x, y = load(name)
    parts = []
    for i, (w, b) in enumerate(layers):
        linear = torch.nn.Linear(w.shape[1], w.shape[0])
        linear.load_state_dict({"weight": torch.from_numpy(w), "bias": torch.from_numpy(b)})
        parts.append(linear)
        if i + 1 < len(layers) and activation != "none":
            parts.append(torch.nn.Tanh() if activation == "tanh" else torch.nn.ReLU())
    model = torch.nn.Sequential(*parts)
    x = torch.from_numpy(x)
    if training is None:
        def infer():
            with torch.inference_mode():
                return model(x).numpy()

        return infer
    y = torch.from_numpy(y)
    criterion = torch.nn.CrossEntropyLoss() if classes else torch.nn.MSELoss()
    method, rate, momentum = training
    if method == "adam":
        optimizer = torch.optim.Adam(model.parameters(), lr=rate, fused=True)
    else:
        optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=momentum, fused=True)

    def step():
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def main(peer, names):
    make = {"numpy": numpy_step, "jax": jax_step, "torch": torch_step}[peer]
    # Imported before the clock looks at the memory.
    {"numpy": lambda: None, "jax": lambda: __import__("jax"), "torch": lambda: __import__("torch")}[peer]()
    imported = clock.memory_mb("VmRSS")
    for name in names or WORKLOADS:
        clock.report(peer, name, lambda name=name: make(name), imported)


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "draw":
        draw(sys.argv[2])
    elif len(sys.argv) >= 2 and sys.argv[1] in ("numpy", "jax", "torch"):
        main(sys.argv[1], sys.argv[2:])
    else:
        sys.exit(__doc__)
