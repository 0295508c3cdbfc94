"""The nets of `nets` in PyTorch and JAX: a JSON line for each, as `nets` prints.

    python3 -m venv venv && venv/bin/pip install -r benches/peers/requirements.txt
    venv/bin/python benches/peers/nets.py draw DIR                  # data and first weights, once
    NETS_DATA=DIR benches/compare.sh 3 "venv/bin/python benches/peers/nets.py torch" lenet gru

`nets.py PEER NET...`, PEER being torch or jax; it needs NETS_DATA, and reads THREADS, WINDOWS and WINDOW_S as `nets` does. `draw`
gives everyone the same numbers, so that `nets` knows the losses after 20 steps.
"""

import sys
from pathlib import Path

import clock  # noqa: F401  (sets the number of threads, which NumPy reads when it is imported)
import numpy as np
from safetensors.numpy import save_file

ADAM = ("adam", 1e-3, (0.9, 0.999), 0.0)
# The optimiser with its rate, its decay rates and weight decay, and the norm to which gradients are clipped.
NETS = {
    "lenet": (ADAM, None),
    "mnistcnn": (ADAM, None),
    "conv1d": (ADAM, None),
    "gru": (ADAM, None),
    "charlstm": (("rmsprop", 2e-3, (0.95,), 0.0), 5.0),
    "microgpt_a": (("adam", 1e-2, (0.85, 0.99), 0.0), None),
    "microgpt_b": (("adam", 1e-2, (0.85, 0.99), 0.0), None),
    "nanogpt": (("adamw", 1e-3, (0.9, 0.999), 0.1), 1.0),
    "embbag": (ADAM, None),
    "lenet_infer1": (None, None),
    "nanogpt_infer1": (None, None),
}
# Letters of the 16 names of microgpt_b; the one of microgpt_a has 6. 26 begins and ends a name, and fills the rest.
LETTERS, EDGE, IGNORED = [5, 6, 7, 8, 6, 5, 7, 9, 4, 6, 7, 8, 5, 6, 10, 5], 26, -100


class Draw:
    """The tensors of a net, drawn one after another."""

    def __init__(self, seed):
        self.rng, self.tensors = np.random.default_rng(seed), {}

    def put(self, name, value):
        self.tensors[name] = np.ascontiguousarray(value, np.int64 if value.dtype.kind == "i" else np.float32)

    def uniform(self, name, shape, fan_in):
        self.put(name, self.rng.uniform(-1 / np.sqrt(fan_in), 1 / np.sqrt(fan_in), shape))

    def layer(self, name, *shape):
        """A linear layer or a convolution as PyTorch starts it."""
        fan_in = int(np.prod(shape[1:]))
        self.uniform(name + ".weight", shape, fan_in)
        self.uniform(name + ".bias", shape[:1], fan_in)

    def recurrent(self, name, layers, rows, inputs, hidden):
        for i in range(layers):
            self.uniform(f"{name}.weight_ih_l{i}", (rows, hidden if i else inputs), hidden)
            self.uniform(f"{name}.weight_hh_l{i}", (rows, hidden), hidden)
            self.uniform(f"{name}.bias_ih_l{i}", (rows,), hidden)
            self.uniform(f"{name}.bias_hh_l{i}", (rows,), hidden)

    def normal(self, name, *shape, std=1.0, mean=0.0):
        self.put(name, mean + std * self.rng.standard_normal(shape))

    def classes(self, name, below, *shape):
        self.put(name, self.rng.integers(0, below, shape))

    def text(self, rows, length, letters=65):
        """Rows in which a letter is followed by its favourite half of the time, else by any, the first ones most often."""
        often = 1 / np.arange(1, letters + 1)
        often /= often.sum()
        favourite = self.rng.permutation(letters)
        text = np.empty((rows, length + 1), np.int64)
        text[:, 0] = self.rng.choice(letters, rows, p=often)
        for i in range(length):
            follows = self.rng.random(rows) < 0.5
            text[:, i + 1] = np.where(follows, favourite[text[:, i]], self.rng.choice(letters, rows, p=often))
        self.put("x", text[:, :-1])
        self.put("y", text[:, 1:])

    def names(self, lengths, width):
        """Names of vowels and consonants in turn; each letter is the label of the one before."""
        vowels = [0, 4, 8, 14, 20]
        consonants = [letter for letter in range(26) if letter not in vowels]
        x, y = np.full((len(lengths), width), EDGE), np.full((len(lengths), width), IGNORED)
        for row, length in enumerate(lengths):
            first = int(self.rng.integers(2))
            name = [int(self.rng.choice(vowels if (i + first) % 2 else consonants)) for i in range(length)]
            x[row, 1:length + 1], y[row, :length + 1] = name, name + [EDGE]
        self.put("x", x)
        self.put("y", y)


def draw_net(name, d):
    training = not name.endswith("_infer1")
    match name.removesuffix("_infer1"):
        case "lenet":
            batch = 64 if training else 1
            d.layer("conv1", 6, 1, 5, 5)
            d.layer("conv2", 16, 6, 5, 5)
            for layer, inputs, outputs in ("fc1", 256, 120), ("fc2", 120, 84), ("fc3", 84, 10):
                d.layer(layer, outputs, inputs)
            d.normal("x", batch, 1, 28, 28)
            d.classes("y", 10, batch)
        case "mnistcnn":
            d.layer("conv1", 32, 1, 3, 3)
            d.layer("conv2", 64, 32, 3, 3)
            d.layer("fc1", 128, 9216)
            d.layer("fc2", 10, 128)
            d.normal("x", 64, 1, 28, 28)
            d.classes("y", 10, 64)
        case "conv1d":
            for i, channels in enumerate((8, 32, 32)):
                d.layer(f"conv{i + 1}", 32, channels, 5)
            d.layer("fc", 4, 32)
            d.normal("x", 32, 8, 256)
            d.classes("y", 4, 32)
        case "gru":
            d.recurrent("gru", 1, 3 * 64, 32, 64)
            d.layer("fc", 1, 64)
            x = d.rng.standard_normal((32, 64, 32))
            d.put("x", x)
            d.put("y", np.sin(x[:, -8:].sum((1, 2)))[:, None])
        case "charlstm":
            d.normal("emb.weight", 65, 128)
            d.recurrent("lstm", 2, 4 * 128, 128, 128)
            d.layer("fc", 65, 128)
            d.text(50, 50)
        case "microgpt_a" | "microgpt_b":
            for table, rows in ("wte", 27), ("wpe", 16):
                d.normal(table + ".weight", rows, 16, std=0.08)
            for part in ("wq", "wk", "wv", "wo"):
                d.normal(f"layers.0.attn.{part}.weight", 16, 16, std=0.08)
            d.normal("layers.0.mlp.fc1.weight", 64, 16, std=0.08)
            d.normal("layers.0.mlp.fc2.weight", 16, 64, std=0.08)
            d.normal("lm_head.weight", 27, 16, std=0.08)
            d.names(*((LETTERS, 16) if name == "microgpt_b" else ([6], 7)))
        case "nanogpt":
            draw_nanogpt(d)
            d.text(12 if training else 1, 64)
        case "embbag":
            d.normal("bag.weight", 50_000, 64)
            d.layer("fc", 4, 64)
            d.classes("x", 50_000, 128, 40)
            d.classes("y", 4, 128)
    if not training:
        del d.tensors["y"]


def draw_nanogpt(d, wide=128, layers=4):
    d.normal("transformer.wte.weight", 65, wide, std=0.02)
    d.normal("transformer.wpe.weight", 64, wide, std=0.02)

    def norm(name):  # Not 1 and 0, so that one that is left out shows.
        d.normal(name + ".weight", wide, std=0.02, mean=1.0)
        d.normal(name + ".bias", wide, std=0.02)

    for i in range(layers):
        block = f"transformer.h.{i}."
        norm(block + "ln_1")
        norm(block + "ln_2")
        for part, outputs, inputs in (("attn.c_attn", 3 * wide, wide), ("attn.c_proj", wide, wide),
                                      ("mlp.c_fc", 4 * wide, wide), ("mlp.c_proj", wide, 4 * wide)):
            std = 0.02 / np.sqrt(2 * layers) if part.endswith("c_proj") else 0.02
            d.normal(block + part + ".weight", outputs, inputs, std=std)
            d.normal(block + part + ".bias", outputs, std=0.02)
    norm("transformer.ln_f")
    d.normal("lm_head.weight", 65, wide, std=0.02)


def draw(directory):
    Path(directory).mkdir(parents=True, exist_ok=True)
    for i, name in enumerate(NETS):
        d = Draw([7, 1000 + i])
        draw_net(name, d)
        save_file(d.tensors, Path(directory) / f"{name}.safetensors")


def main(peer, names):
    if peer == "torch":
        import nets_torch as program
    else:
        import nets_jax as program
    imported = clock.memory_mb("VmRSS")
    for name in names or NETS:
        clock.report(peer, name, program.maker(name, *NETS[name]), imported)


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "draw":
        draw(sys.argv[2])
    elif len(sys.argv) >= 2 and sys.argv[1] in ("torch", "jax"):
        main(sys.argv[1], sys.argv[2:])
    else:
        sys.exit(__doc__)
