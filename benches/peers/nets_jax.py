"""The nets of `nets.py` in JAX: the whole step compiled, the arrays of the old state given up for those of the new. Images and
series have their channels last, and weights are [inputs, outputs], as Flax has them."""

import os
from pathlib import Path

import clock  # noqa: F401  (sets the number of threads)
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from safetensors.numpy import load_file

relu, TABLES = jax.nn.relu, ("emb", "wte", "wpe", "bag")


def turned(name, tensors):
    """The weights in JAX's layouts."""
    weights = {}
    for key, w in tensors.items():
        table = any(part in TABLES for part in key.split("."))
        weights[key] = w if w.ndim == 1 or table else np.moveaxis(w, (0, 1), (-1, -2))
    channels = {"lenet": 16, "mnistcnn": 64}.get(name)
    if channels:  # Flattened images have their channels last, too.
        w = weights["fc1.weight"]
        weights["fc1.weight"] = w.reshape(channels, -1, w.shape[1]).swapaxes(0, 1).reshape(w.shape)
    return jax.tree.map(np.ascontiguousarray, weights)


def linear(p, name, x):
    y = x @ p[name + ".weight"]
    return y + p[name + ".bias"] if name + ".bias" in p else y


def conv(p, name, x, padding):
    layout = ("NHWC", "HWIO", "NHWC") if x.ndim == 4 else ("NWC", "WIO", "NWC")
    w = p[name + ".weight"]
    around = [(padding, padding)] * (x.ndim - 2)
    return lax.conv_general_dilated(x, w, (1,) * (x.ndim - 2), around, dimension_numbers=layout) + p[name + ".bias"]


def pool(x):
    batch, high, wide, channels = x.shape
    return x.reshape(batch, high // 2, 2, wide // 2, 2, channels).max((2, 4))


def lenet(p, x):
    for name in ("conv1", "conv2"):
        x = pool(relu(conv(p, name, x, 0)))
    x = relu(linear(p, "fc1", x.reshape(len(x), -1)))
    return linear(p, "fc3", relu(linear(p, "fc2", x)))


def mnistcnn(p, x):
    x = pool(relu(conv(p, "conv2", relu(conv(p, "conv1", x, 0)), 0)))
    return linear(p, "fc2", relu(linear(p, "fc1", x.reshape(len(x), -1))))


def conv1d(p, x):
    for name in ("conv1", "conv2", "conv3"):
        x = relu(conv(p, name, x, 2))
    return linear(p, "fc", x.mean(1))


def gru(p, x):
    inputs = (x @ p["gru.weight_ih_l0"] + p["gru.bias_ih_l0"]).swapaxes(0, 1)

    def cell(h, part):
        reset, update, new = jnp.split(part, 3, -1)
        h_reset, h_update, h_new = jnp.split(h @ p["gru.weight_hh_l0"] + p["gru.bias_hh_l0"], 3, -1)
        update = jax.nn.sigmoid(update + h_update)
        new = jnp.tanh(new + jax.nn.sigmoid(reset + h_reset) * h_new)
        return new + update * (h - new), None

    last, _ = lax.scan(cell, jnp.zeros((len(x), 64)), inputs)
    return linear(p, "fc", last)


def charlstm(p, text):
    x = p["emb.weight"][text.T]
    for i in range(2):
        bias = p[f"lstm.bias_ih_l{i}"] + p[f"lstm.bias_hh_l{i}"]
        inputs, own = x @ p[f"lstm.weight_ih_l{i}"] + bias, p[f"lstm.weight_hh_l{i}"]

        def cell(state, part, own=own):
            h, memory = state
            enter, keep, new, out = jnp.split(part + h @ own, 4, -1)
            memory = jax.nn.sigmoid(keep) * memory + jax.nn.sigmoid(enter) * jnp.tanh(new)
            h = jax.nn.sigmoid(out) * jnp.tanh(memory)
            return (h, memory), h

        zeros = jnp.zeros((x.shape[1], 128))
        _, x = lax.scan(cell, (zeros, zeros), inputs)
    return linear(p, "fc", x.swapaxes(0, 1))


def attention(queries, keys, values, heads=4):
    batch, time, wide = queries.shape
    q, k, v = (x.reshape(batch, time, heads, -1) for x in (queries, keys, values))
    scores = jnp.einsum("bihc,bjhc->bhij", q, k) / np.sqrt(wide // heads).astype(np.float32)
    scores = jnp.where(np.tri(time, dtype=bool), scores, -jnp.inf)
    return jnp.einsum("bhij,bjhc->bihc", jax.nn.softmax(scores), v).reshape(batch, time, wide)


def microgpt(p, text):
    def norm(x):
        return x * lax.rsqrt(jnp.square(x).mean(-1, keepdims=True) + 1e-5)

    x = norm(p["wte.weight"][text] + p["wpe.weight"][:text.shape[1]])
    n, layer = norm(x), "layers.0."
    y = attention(*(linear(p, f"{layer}attn.{part}", n) for part in ("wq", "wk", "wv")))
    x = x + linear(p, layer + "attn.wo", y)
    x = x + linear(p, layer + "mlp.fc2", relu(linear(p, layer + "mlp.fc1", norm(x))))
    return linear(p, "lm_head", x)


def nanogpt(p, text):
    def norm(name, x):
        off = x - x.mean(-1, keepdims=True)
        scale = lax.rsqrt(jnp.square(off).mean(-1, keepdims=True) + 1e-5)
        return off * scale * p[name + ".weight"] + p[name + ".bias"]

    x = p["transformer.wte.weight"][text] + p["transformer.wpe.weight"][:text.shape[1]]
    for i in range(4):
        block = f"transformer.h.{i}."
        y = attention(*jnp.split(linear(p, block + "attn.c_attn", norm(block + "ln_1", x)), 3, -1))
        x = x + linear(p, block + "attn.c_proj", y)
        y = jax.nn.gelu(linear(p, block + "mlp.c_fc", norm(block + "ln_2", x)), approximate=False)
        x = x + linear(p, block + "mlp.c_proj", y)
    return linear(p, "lm_head", norm("transformer.ln_f", x))


def embbag(p, words):
    return linear(p, "fc", p["bag.weight"][words].mean(1))


MODELS = {
    "lenet": lenet, "mnistcnn": mnistcnn, "conv1d": conv1d, "gru": gru, "charlstm": charlstm, "microgpt_a": microgpt,
    "microgpt_b": microgpt, "nanogpt": nanogpt, "embbag": embbag,
}


def loss_of(output, y):
    if y.dtype == np.float32:
        return jnp.square(output - y).mean()
    counts = y != -100
    logs = jax.nn.log_softmax(output)
    picked = jnp.take_along_axis(logs, jnp.where(counts, y, 0)[..., None], -1)[..., 0]
    return -(picked * counts).sum() / counts.sum()


def updater(method, rate, decays, weight_decay):
    """New weights and moments, from old ones, gradients, and the corrections of Adam."""
    def rmsprop(p, g, m, v, *_):
        v = decays[0] * v + (1 - decays[0]) * g * g
        return p - rate * g / (jnp.sqrt(v) + 1e-8), m, v

    def adam(p, g, m, v, step_rate, root):
        m = decays[0] * m + (1 - decays[0]) * g
        v = decays[1] * v + (1 - decays[1]) * g * g
        return (1 - rate * weight_decay) * p - step_rate * m / (jnp.sqrt(v) / root + 1e-8), m, v

    return rmsprop if method == "rmsprop" else adam


def maker(name, training, clip):
    tensors = load_file(Path(os.environ["NETS_DATA"]) / f"{name}.safetensors")
    x, y = tensors.pop("x"), tensors.pop("y", None)
    kind = name.removesuffix("_infer1")
    model, weights = MODELS[kind], turned(kind, tensors)
    if kind in ("lenet", "mnistcnn", "conv1d"):
        x = np.moveaxis(x, 1, -1)
    if training is None:
        run = jax.jit(model)
    else:
        update, decays = updater(*training), training[2]

        def change(state, x, y, step_rate, root):
            p, m, v = state
            loss, g = jax.value_and_grad(lambda p: loss_of(model(p, x), y))(p)
            if clip:
                norm = jnp.sqrt(sum(jnp.square(part).sum() for part in g.values()))
                g = jax.tree.map(lambda part: part * jnp.minimum(1, clip / (norm + 1e-6)), g)
            new = {key: update(p[key], g[key], m[key], v[key], step_rate, root) for key in p}
            return tuple({key: parts[i] for key, parts in new.items()} for i in range(3)), loss

        run = jax.jit(change, donate_argnums=0)
    x = jnp.asarray(x)
    y = None if y is None else jnp.asarray(y.astype(np.float32 if y.dtype.kind == "f" else np.int32))

    def make():
        p = jax.tree.map(jnp.array, weights)
        if training is None:
            return lambda: np.asarray(run(p, x))
        state, count = (p, jax.tree.map(jnp.zeros_like, p), jax.tree.map(jnp.zeros_like, p)), 0

        def step():
            nonlocal state, count
            count += 1
            # The corrections in double precision, as the others compute them.
            corrections = (1.0, 1.0)
            if len(decays) == 2:
                corrections = training[1] / (1 - decays[0]**count), (1 - decays[1]**count)**0.5
            state, loss = run(state, x, y, *map(np.float32, corrections))
            return float(loss)

        return step

    return make
