"""The nets of `nets.py` in PyTorch: torch.nn's layers, the usual loop, fused optimisers (RMSprop has none: there `foreach`)."""

import os
from pathlib import Path

import clock
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn

torch.set_num_threads(int(clock.THREADS))


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 5), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(256, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x):
        for conv in (self.conv1, self.conv2):
            x = F.max_pool2d(F.relu(conv(x)), 2)
        return self.fc3(F.relu(self.fc2(F.relu(self.fc1(x.flatten(1))))))


class MnistCnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 32, 3), nn.Conv2d(32, 64, 3)
        self.fc1, self.fc2 = nn.Linear(9216, 128), nn.Linear(128, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv2(F.relu(self.conv1(x)))), 2)
        return self.fc2(F.relu(self.fc1(x.flatten(1))))


class Conv1d(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2, self.conv3 = (nn.Conv1d(inputs, 32, 5, padding=2) for inputs in (8, 32, 32))
        self.fc = nn.Linear(32, 4)

    def forward(self, x):
        for conv in (self.conv1, self.conv2, self.conv3):
            x = F.relu(conv(x))
        return self.fc(x.mean(-1))


class Gru(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru, self.fc = nn.GRU(32, 64, batch_first=True), nn.Linear(64, 1)

    def forward(self, x):
        _, last = self.gru(x)
        return self.fc(last[0])


class CharLstm(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb, self.lstm = nn.Embedding(65, 128), nn.LSTM(128, 128, num_layers=2, batch_first=True)
        self.fc = nn.Linear(128, 65)

    def forward(self, text):
        states, _ = self.lstm(self.emb(text))
        return self.fc(states)


def attention(queries, keys, values, heads=4):
    def split(x):
        return x.unflatten(-1, (heads, -1)).transpose(1, 2)

    y = F.scaled_dot_product_attention(split(queries), split(keys), split(values), is_causal=True)
    return y.transpose(1, 2).flatten(2)


class MicroBlock(nn.Module):
    def __init__(self, wide):
        super().__init__()
        self.attn = nn.ModuleDict({name: nn.Linear(wide, wide, bias=False) for name in ("wq", "wk", "wv", "wo")})
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(wide, 64, bias=False), "fc2": nn.Linear(64, wide, bias=False)})

    def forward(self, x, norm):
        n, attn = norm(x), self.attn
        x = x + attn["wo"](attention(attn["wq"](n), attn["wk"](n), attn["wv"](n)))
        return x + self.mlp["fc2"](F.relu(self.mlp["fc1"](norm(x))))


class MicroGpt(nn.Module):
    def __init__(self, wide=16):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(27, wide), nn.Embedding(16, wide)
        self.layers, self.lm_head = nn.ModuleList([MicroBlock(wide)]), nn.Linear(wide, 27, bias=False)

    def forward(self, text):
        def norm(x):
            return F.rms_norm(x, x.shape[-1:], eps=1e-5)

        x = norm(self.wte(text) + self.wpe.weight[:text.shape[1]])
        for layer in self.layers:
            x = layer(x, norm)
        return self.lm_head(x)


class NanoBlock(nn.Module):
    def __init__(self, wide):
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(wide), nn.LayerNorm(wide)
        self.attn = nn.ModuleDict({"c_attn": nn.Linear(wide, 3 * wide), "c_proj": nn.Linear(wide, wide)})
        self.mlp = nn.ModuleDict({"c_fc": nn.Linear(wide, 4 * wide), "c_proj": nn.Linear(4 * wide, wide)})

    def forward(self, x):
        x = x + self.attn["c_proj"](attention(*self.attn["c_attn"](self.ln_1(x)).chunk(3, -1)))
        return x + self.mlp["c_proj"](F.gelu(self.mlp["c_fc"](self.ln_2(x))))


class NanoGpt(nn.Module):
    def __init__(self, wide=128):
        super().__init__()
        self.transformer = nn.ModuleDict({
            "wte": nn.Embedding(65, wide), "wpe": nn.Embedding(64, wide),
            "h": nn.ModuleList(NanoBlock(wide) for _ in range(4)), "ln_f": nn.LayerNorm(wide),
        })
        self.lm_head = nn.Linear(wide, 65, bias=False)

    def forward(self, text):
        parts = self.transformer
        x = parts["wte"](text) + parts["wpe"].weight[:text.shape[1]]
        for block in parts["h"]:
            x = block(x)
        return self.lm_head(parts["ln_f"](x))


class EmbBag(nn.Module):
    def __init__(self):
        super().__init__()
        self.bag, self.fc = nn.EmbeddingBag(50_000, 64, mode="mean"), nn.Linear(64, 4)

    def forward(self, words):
        return self.fc(self.bag(words))


MODELS = {
    "lenet": LeNet, "mnistcnn": MnistCnn, "conv1d": Conv1d, "gru": Gru, "charlstm": CharLstm, "microgpt_a": MicroGpt,
    "microgpt_b": MicroGpt, "nanogpt": NanoGpt, "embbag": EmbBag,
}


def optimiser(parameters, method, rate, decays, weight_decay):
    if method == "rmsprop":
        return torch.optim.RMSprop(parameters, lr=rate, alpha=decays[0], foreach=True)
    kind = torch.optim.AdamW if method == "adamw" else torch.optim.Adam
    return kind(parameters, lr=rate, betas=decays, weight_decay=weight_decay, fused=True)


def maker(name, training, clip):
    tensors = load_file(Path(os.environ["NETS_DATA"]) / f"{name}.safetensors")
    x, y = tensors.pop("x"), tensors.pop("y", None)

    def make():
        model = MODELS[name.removesuffix("_infer1")]()
        model.load_state_dict(tensors)
        if training is None:
            def infer():
                with torch.inference_mode():
                    return model(x).numpy()

            return infer
        optimizer = optimiser(model.parameters(), *training)

        def step():
            optimizer.zero_grad()
            output = model(x)
            # Labels of -100 do not count.
            loss = F.mse_loss(output, y) if y.is_floating_point() else F.cross_entropy(output.flatten(0, -2), y.flatten())
            loss.backward()
            if clip:
                nn.utils.clip_grad_norm_(model.parameters(), clip)
            optimizer.step()
            return loss.item()

        return step

    return make
