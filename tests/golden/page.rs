//! The page docs/pytorch.md, made of the table that the reference cases are run by; and tests/house/page_lines.rs, which
//! compiles every line of the page.

// A page of tests: what cannot be read fails them.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::path::Path;

use super::call::Row;
use super::support::Json;
use super::{init, layer, optim, sched, table};

/// The beginning of the page. Its `use` lines are those of the file that compiles the page, but for the float type.
const HEAD: &str = "\
# PyTorch → wengert

The names of PyTorch, and their counterparts here. Every line on the right compiles under these `use` lines, and the reference
cases run it and find the values and gradients of PyTorch 2.15. A name marked † has no reference case in this repository.

```rust
use wengert::prelude::*;
use wengert::tensor::Border;
```

`x`, `other`, … are vars (`Var`); a `Tensor` has most of these names too. Masks are `Tensor<bool>`, class numbers and indices `Labels` (`Tensor<usize>`). Add `?`
where a line returns a `Result`. `over(dim, keepdim)` stands for axes as you would write them: `..` for all, `1`, `[0, -1]`,
or `keep(…)` of these. A size of -1 is `REST`. Omit the options that you do not need.

Differences that no single line shows:

- **Losses never broadcast.** A target of another shape is an error that says how to fix it, not a warning.
- **Class numbers and indices are `usize`**, so a negative one does not exist; the class to ignore is a number of your choice.
  Floats under a cross-entropy are probabilities, one for each class.
- **A mean over nothing is an error.** `Reduction::MeanOrNan` behaves like PyTorch's mean.
- **`squeeze` rejects an axis that is not 1**, and slices reject places outside their axis.
- **The mode belongs to the tape**: `Tape::new()` is `model.train()`, `Tape::no_grad()` is `model.eval()` and
  `torch.no_grad()` together.
- **Lengths stand in for packed sequences**: `lstm.call((x, lengths))` is what `pack_padded_sequence` and `pad_packed_sequence`
  around an `LSTM` give. A recurrent layer takes `x`, `(x, state)`, `(x, lengths)` or `(x, state, lengths)`.
- **A mask says what is seen**: `true` is a key that a query sees, in `MultiheadAttention` too, where PyTorch's `true` hides it.
  One mask does for `attn_mask` and `key_padding_mask`: `attention.call((x, mask))`, of a shape that broadcasts to
  `[batch, heads, queries, keys]`. So `[queries, keys]` is for all sequences, as `attn_mask` is, and a padding mask `[batch, keys]`
  comes as `mask.unsqueeze(1)?`, `[batch, 1, keys]`.
- **Positions come first or last**: attention takes `[time, batch, width]` unless `batch_first()` is set, and positions take
  `[…, time, width]`; `TimeFirst(SinusoidalPositions)` is for the former. `attention.weighed()` gives the weights too.
- **A clone is a handle**: `layer.clone()` has the same parameters; `layer.deep_copy()?` is `copy.deepcopy(layer)`.
- **So does the randomness**: a tape that draws (`Dropout`) has a seed, `Tape::new().seeded(n)`, and the mask is a function of it.

Values and slopes at kinks and ties are on [a page of their own](conventions.md).
";

/// The end of the page: names that have no line of their own, and those that have no counterpart.
const TAIL: &str = "
`ReduceLROnPlateau` is `schedule::ReduceLrOnPlateau::new(rate)`, which takes each loss: `plateau.step(loss)`. `SequentialLR` is
`a.then(10, b).then(20, c)`. `LBFGS` is `Lbfgs::new(parameters, lr)`, whose `step` takes the closure. `clip_grad_norm_` is
`clip_grad_norm(&parameters, max_norm)`, or `ClipNorm::new(max_norm).norm(norm_type).clip(&parameters)`, and
`clip_grad_value_` is `clip_grad_value`.

A convolution's `padding='same'` is `Padding::Same`, and one number stands for all axes, as `3` does for `[3, 3]` and `(3, 3)`.
`count_include_pad=False` is `of_elements()`; an output size of `None` is `REST`; `mode='bilinear'` is `Interpolation::Linear`, and
`align_corners=True` is `Interpolation::LinearByCorners`.

`CTCLoss` is `CtcLoss::new().blank(blank).zero_infinity()`, whose target is a `CtcTarget { labels, steps, lengths }`, and
`EmbeddingBag` is `EmbeddingBag::new(num_embeddings, embedding_dim, rng).mode(Bag::Sum)`, with `Bag` from `wengert::nn::functional`.
`TransformerEncoder`, `TransformerDecoderLayer` and `TransformerDecoder` have the options of the layers above.
A decoder takes `((x, mask), memory, memory_mask)`, where each mask may be left out: `tgt_mask` and `tgt_key_padding_mask` are one mask here too,
and `tgt_is_causal` is `causal()`.

A dataset's `transform` is `loader.mapped(seed, |(x, y), rng| …)`, which changes each sample with random numbers of its own: they depend on
the seed, the epoch and the place of the sample, so workers and restarts change nothing.

An optimiser of your own, a subclass of `torch.optim.Optimizer` there, is an `impl Optimizer<f32>` of four methods: `step`,
`parameters`, `learning_rate` and `set_learning_rate`. With them it works in `Trainer`, `train_epoch` and `Checkpoint`; if it
has more state than its learning rate, it overrides `state` and `load_state`.

## Not here

Devices other than the
CPU; half precision, complex and sparse tensors; `torch.compile`, `vmap`, and loaders with workers; `nn.Transformer` as one layer,
bicubic `Upsample`; `linalg.inv`, `det`, `svd`, `solve` and `cdist`. ONNX and training on several machines are on [a page of their own](reach.md). Of the names above: `Embedding` has no `max_norm` and `scale_grad_by_freq`, and needs no `sparse`: its
gradient is kept by rows, and `SparseAdam` is `Adam::new(…).lazy()`. `PReLU` starts at 0.25, `CyclicLR` has no `scale_fn`.

<!-- Made by `WENGERT_GOLDEN_BLESS=1 cargo test --test golden page`. -->
";

/// Layers and functions that the runner builds by hand: name, parameters, line.
const BY_HAND: &[Row] = &[
    Row { op: "Dropout", parameters: &[("p", "f64")], ours: "Dropout::new(p)", text: &[] },
    Row {
        op: "Flatten",
        parameters: &[("start_dim", "isize"), ("end_dim", "isize")],
        ours: "Flatten::new(start_dim, end_dim)",
        text: &[],
    },
    Row { op: "Identity", parameters: &[], ours: "Identity", text: &[] },
    Row {
        op: "Sequential",
        parameters: &[("a", "Layer"), ("b", "Layer")],
        ours: "sequential![a, b]",
        text: &[],
    },
    Row {
        op: "ZeroPad1d",
        parameters: &[("padding", "List")],
        ours: "ZeroPad1d::new([(left, right)])",
        text: &[],
    },
    Row {
        op: "ReflectionPad2d",
        parameters: &[("padding", "List")],
        ours: "ReflectionPad2d::new([(left, right), (top, bottom)])",
        text: &[],
    },
    Row {
        op: "Conv3d",
        parameters: &[
            ("in_channels", "usize"),
            ("out_channels", "usize"),
            ("kernel_size", "usize"),
            ("stride", "usize"),
            ("padding", "usize"),
            ("dilation", "usize"),
            ("groups", "usize"),
        ],
        ours: "Conv3d::grouped(in_channels, out_channels, kernel_size, groups, rng).stride(stride).padding(padding).dilation(dilation)",
        text: &[],
    },
    Row {
        op: "ConvTranspose1d",
        parameters: &[
            ("in_channels", "usize"),
            ("out_channels", "usize"),
            ("kernel_size", "usize"),
            ("stride", "usize"),
            ("padding", "usize"),
            ("output_padding", "usize"),
            ("groups", "usize"),
            ("dilation", "usize"),
        ],
        ours: "ConvTranspose1d::grouped(in_channels, out_channels, kernel_size, groups, rng).stride(stride).padding(padding).output_padding(output_padding).dilation(dilation)",
        text: &[],
    },
    Row {
        op: "ConvTranspose2d",
        parameters: &[
            ("in_channels", "usize"),
            ("out_channels", "usize"),
            ("kernel_size", "usize"),
            ("stride", "usize"),
            ("padding", "usize"),
            ("output_padding", "usize"),
            ("groups", "usize"),
            ("dilation", "usize"),
        ],
        ours: "ConvTranspose2d::grouped(in_channels, out_channels, kernel_size, groups, rng).stride(stride).padding(padding).output_padding(output_padding).dilation(dilation)",
        text: &[],
    },
    Row {
        op: "MaxPool3d",
        parameters: &[
            ("kernel_size", "usize"),
            ("stride", "usize"),
            ("padding", "usize"),
            ("dilation", "usize"),
        ],
        ours: "MaxPool3d::new(kernel_size).stride(stride).padding(padding).dilation(dilation)",
        text: &[],
    },
    Row {
        op: "AvgPool3d",
        parameters: &[("kernel_size", "usize"), ("stride", "usize"), ("padding", "usize")],
        ours: "AvgPool3d::new(kernel_size).stride(stride).padding(padding)",
        text: &[],
    },
    Row {
        op: "LPPool2d",
        parameters: &[("norm_type", "f64"), ("kernel_size", "usize"), ("stride", "usize")],
        ours: "LpPool2d::new(norm_type, kernel_size).stride(stride)",
        text: &[],
    },
    Row {
        op: "AdaptiveMaxPool2d",
        parameters: &[("output_size", "usize")],
        ours: "AdaptiveMaxPool2d::new(output_size)",
        text: &[],
    },
    Row {
        op: "BatchNorm3d",
        parameters: &[("num_features", "usize")],
        ours: "BatchNorm3d::new(num_features)",
        text: &[],
    },
    Row {
        op: "InstanceNorm2d",
        parameters: &[("num_features", "usize")],
        ours: "InstanceNorm2d::new(num_features)",
        text: &[],
    },
    Row { op: "Dropout1d", parameters: &[("p", "f64")], ours: "Dropout1d::new(p)", text: &[] },
    Row { op: "Dropout2d", parameters: &[("p", "f64")], ours: "Dropout2d::new(p)", text: &[] },
    Row {
        op: "Upsample",
        parameters: &[("size", "Sizes"), ("scale_factor", "Sizes"), ("mode", "Text")],
        ours: "Upsample::to(size)`, `Upsample::by(scale_factor).mode(functional::Interpolation::Linear)",
        text: &[],
    },
    Row {
        op: "PixelShuffle",
        parameters: &[("upscale_factor", "usize")],
        ours: "PixelShuffle::new(upscale_factor)",
        text: &[],
    },
    Row {
        op: "PixelUnshuffle",
        parameters: &[("downscale_factor", "usize")],
        ours: "PixelUnshuffle::new(downscale_factor)",
        text: &[],
    },
    Row {
        op: "ChannelShuffle",
        parameters: &[("groups", "usize")],
        ours: "ChannelShuffle::new(groups)",
        text: &[],
    },
    Row {
        op: "Unfold",
        parameters: &[
            ("kernel_size", "usize"),
            ("dilation", "usize"),
            ("padding", "usize"),
            ("stride", "usize"),
        ],
        ours: "Unfold::new(kernel_size).dilation(dilation).padding(padding).stride(stride)",
        text: &[],
    },
    Row {
        op: "Fold",
        parameters: &[
            ("output_size", "usize"),
            ("kernel_size", "usize"),
            ("dilation", "usize"),
            ("padding", "usize"),
            ("stride", "usize"),
        ],
        ours: "Fold::new(output_size, kernel_size).dilation(dilation).padding(padding).stride(stride)",
        text: &[],
    },
];

/// Functions of tensors, by which data is prepared: they have no gradient.
const OF_TENSORS: &[Row] = &[
    Row {
        op: "unique",
        parameters: &[("x", "Data"), ("return_inverse", "bool"), ("return_counts", "bool")],
        ours: "x.unique()",
        text: &[],
    },
    Row {
        op: "bincount",
        parameters: &[("x", "Index"), ("minlength", "usize")],
        ours: "x.bincount(minlength)",
        text: &[],
    },
    Row {
        op: "quantile",
        parameters: &[("x", "Data"), ("q", "f64"), ("dim", "isize"), ("keepdim", "bool")],
        ours: "x.quantile_over(over(dim, keepdim), q)",
        text: &[],
    },
    Row {
        op: "nan_to_num",
        parameters: &[("x", "Data"), ("nan", "f64")],
        ours: "x.nan_to_num(nan)",
        text: &[],
    },
    Row {
        op: "repeat_interleave",
        parameters: &[("x", "Data"), ("repeats", "usize"), ("dim", "isize")],
        ours: "x.repeat_interleave(repeats, dim)",
        text: &[],
    },
    Row {
        op: "meshgrid",
        parameters: &[("x", "Data"), ("other", "Data")],
        ours: "Tensor::meshgrid([&x, &other])",
        text: &[],
    },
];

/// Parameters that the cases carry and that have no counterpart: they are not on the page.
const WITHOUT_COUNTERPART: &[(&str, &[&str])] = &[
    ("Embedding", &["norm_type", "scale_grad_by_freq", "sparse"]),
    ("PReLU", &["init"]),
    ("ZeroPad2d", &["value"]),
    ("CyclicLR", &["scale_mode"]),
];

/// A part of the page: its heading, its lines, and the kinds of cases that run them.
struct Part {
    heading: &'static str,
    rows: Vec<Row>,
    kinds: &'static [&'static str],
}

fn parts() -> Vec<Part> {
    let ops = table::PARTS.iter().map(|(heading, rows)| Part {
        heading,
        rows: rows.to_vec(),
        kinds: &["op", "graph", "hard"],
    });
    let own = |heading, rows: &[Row], kinds| Part { heading, rows: rows.to_vec(), kinds };
    let mut parts: Vec<Part> = ops.collect();
    parts.extend([
        own("Preparation of data (tensors, no gradients)", OF_TENSORS, &["op"]),
        own("Layers (`torch.nn`)", &[layer::ROWS, BY_HAND].concat(), &["layer", "init"]),
        own("Initialisers (`torch.nn.init`)", init::ROWS, &["init"]),
        own("Optimisers (`torch.optim`)", optim::ROWS, &["optim"]),
        own("Schedules (`torch.optim.lr_scheduler`)", sched::ROWS, &["sched"]),
    ]);
    for part in &mut parts {
        part.rows.retain(|row| row.text != [""]);
    }
    parts
}

/// The page, and the file that compiles it.
pub fn page(cases: &Path) -> (String, String) {
    let covered = covered(cases);
    let (mut out, mut lines) = (HEAD.to_string(), LINES.to_string());
    for part in parts() {
        out.push_str(&format!("\n## {}\n\n| PyTorch | wengert |\n|---|---|\n", part.heading));
        for row in &part.rows {
            let several = part.rows.iter().filter(|other| other.op == row.op).count() > 1;
            let names: Vec<String> = parameters(row)
                .map(|(name, kind)| match (several, word(kind)) {
                    (true, Some(word)) => format!("{name}: {word}"),
                    _ => name.to_string(),
                })
                .collect();
            let has_case = |kind: &&str| covered.contains(&(kind.to_string(), row.op.to_string()));
            let mark = if part.kinds.iter().any(has_case) { "" } else { " †" };
            let ours = row.text.first().map_or_else(|| tidy(row.ours), |text| text.to_string());
            let ours = if part.heading.starts_with("Schedules") {
                format!("schedule::{}", ours.replace("Anneal::", "schedule::Anneal::"))
            } else {
                ours
            };
            out.push_str(&format!(
                "| `{}({})`{mark} | `{}` |\n",
                row.op,
                names.join(", "),
                ours.replace('|', "\\|")
            ));
            for line in ours.split("`, `") {
                lines.push_str(&compiled(part.heading, row, line));
            }
        }
    }
    out.push_str(TAIL);
    lines.push_str("    Ok(())\n}\n");
    (out, lines)
}

/// A row's parameters that are on the page.
fn parameters(row: &Row) -> impl Iterator<Item = (&'static str, &'static str)> {
    let without = WITHOUT_COUNTERPART.iter().find(|(op, _)| *op == row.op);
    let without = without.map_or(&[][..], |(_, names)| names);
    let shown =
        |name: &str| name != "rate" && !name.starts_with("fan_") && !without.contains(&name);
    row.parameters.iter().copied().filter(move |(name, _)| shown(name))
}

/// Kind and name of every operation that a case of the directory asks values of.
fn covered(cases: &Path) -> BTreeSet<(String, String)> {
    let mut covered = BTreeSet::new();
    for entry in std::fs::read_dir(cases).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "json") {
            continue;
        }
        let family = Json::read(&std::fs::read_to_string(path).unwrap()).unwrap();
        let kind = family.get("kind").text().unwrap_or_default();
        for case in family.get("cases").list() {
            for of in [case].into_iter().chain(case.get("program").list()) {
                covered.insert((kind.to_string(), of.get("op").text().unwrap_or_default().into()));
            }
        }
    }
    covered
}

/// The beginning of the file that compiles the page's lines.
const LINES: &str = "\
//! Every line of docs/pytorch.md, compiled and never run. Made by `WENGERT_GOLDEN_BLESS=1 cargo test --test golden page`.

#![allow(dead_code, unused_variables, clippy::all, clippy::pedantic)]
#![allow(non_snake_case)]

use wengert::prelude64::*;
use wengert::tensor::Border;

type V = Var<'static>;
type M<T> = wengert::tensor::Tensor<T>;

/// A value of the type that is asked for.
fn any<T>() -> T {
    unreachable!(\"the lines are compiled, and not run\")
}

fn over(_dim: impl Sized, _keepdim: bool) -> Axes {
    any()
}

#[rustfmt::skip]
fn lines() -> Result<(), Box<dyn std::error::Error>> {
";

/// A line in a scope in which its names are declared.
fn compiled(heading: &str, row: &Row, line: &str) -> String {
    let mut scope = String::new();
    // Longer widths than one are written as pairs; these names stand in texts, and are no parameters.
    let helpers = [
        ("x", "V"),
        ("dim", "isize"),
        ("left", "isize"),
        ("right", "isize"),
        ("top", "isize"),
        ("bottom", "isize"),
        ("before", "isize"),
        ("after", "isize"),
        ("shift", "isize"),
        ("widths", "Vec<(isize, isize)>"),
        ("shape", "Vec<usize>"),
        ("rate", "f64"),
        ("rng", "&mut Rng"),
        ("x", "V"),
        ("parameters", "Vec<Param>"),
        ("running", "Option<&functional::RunningStats<f64>>"),
    ];
    let listed = parameters(row).map(|(name, kind)| (name, type_of(row.op, name, kind)));
    for (name, ty) in helpers
        .into_iter()
        .filter(|(name, _)| !parameters(row).any(|(p, _)| p == *name))
        .chain(listed)
    {
        if line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name) {
            scope.push_str(&format!("let {name}: {ty} = any(); "));
        }
    }
    let ty = if heading.starts_with("Initialisers") && row.op != "calculate_gain" {
        ": Result<M<f64>, wengert::tensor::Error>"
    } else {
        ""
    };
    format!("    {{ {scope}let _{ty} = {line}; }}\n")
}

/// The type of a parameter as a user has it.
fn type_of(op: &str, name: &str, kind: &str) -> &'static str {
    match (op, name) {
        ("rms_norm", "eps") => return "Option<f64>",
        ("Upsample", "size") => return "Vec<usize>",
        ("embedding", "padding_idx") => return "Option<usize>",
        ("reshape" | "expand" | "broadcast_to" | "repeat", "shape" | "size" | "repeats") => {
            return "Vec<usize>";
        }
        ("split", "size") => return if kind == "List" { "Vec<usize>" } else { "usize" },
        ("chunk" | "narrow" | "one_hot", "chunks" | "start" | "length" | "num_classes") => {
            return "usize";
        }
        (_, "ignore_index" | "kernel_size" | "dilation" | "output_size") => return "usize",
        (op, "stride" | "padding")
            if op.to_lowercase().contains("conv") || op.to_lowercase().contains("pool") =>
        {
            return "usize";
        }
        ("fold" | "unfold" | "Fold" | "Unfold", "stride" | "padding") => return "usize",
        ("interpolate" | "Upsample", "scale_factor") => return "Vec<f64>",
        ("multilabel_margin_loss", "target") => return "M<i64>",
        (_, "nonlinearity") => return "init::Nonlinearity",
        _ => {}
    }
    match kind {
        "Var" | "Term" | "Target" | "MaybeTerm" => "V",
        "MaybeVar" => "Option<V>",
        "Vars" => "Vec<V>",
        "Data" | "MaybeData" => "M<f64>",
        "Mask" => "M<bool>",
        "Index" | "Ints" => "M<usize>",
        "List" | "MaybeList" => "Vec<isize>",
        "Sizes" | "SizesOrRest" | "MaybeSizes" => "Vec<usize>",
        "Places" => "&Indices",
        "usize" | "MaybeIndex" => "usize",
        "isize" | "MaybeInt" | "Count" => "isize",
        "f64" | "MaybeNumber" => "f64",
        "bool" | "MaybeBool" | "Flag" => "bool",
        "Text" | "MaybeText" => "String",
        "Pair" | "MaybePair" | "MaybePairOrZero" => "(f64, f64)",
        "Fan" => "init::Fan",
        "Reduction" => "Reduction",
        "KlReduction" => "KlReduction",
        "Layer" => "Linear",
        other => panic!("{op}: no type is known for {name}: {other}"),
    }
}

/// What tells one line of an op from another.
fn word(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "f64" | "MaybeNumber" => "number",
        "isize" | "usize" => "integer",
        "List" => "list",
        "Ints" => "classes",
        "MaybeTerm" => "tensor",
        _ => return None,
    })
}

/// A line's right side on one line, its options as they are called: `.maybe(x, T::f)` is `.f(x)`, `.when(x, T::f)` is `.f()`.
fn tidy(ours: &str) -> String {
    let mut text = ours.split_whitespace().collect::<Vec<_>>().join(" ");
    for (from, to) in
        [(" .", "."), ("( ", "("), (" )", ")"), (", )", ")"), ("&mut Rng::new(0)", "rng")]
    {
        text = text.replace(from, to);
    }
    for helper in [".maybe(", ".when(", ".unwrap_or("] {
        while let Some(start) = text.find(helper) {
            let open = start + helper.len();
            let Some((end, comma)) = closed(&text[open..]) else { break };
            let (first, second) = match comma {
                Some(comma) => {
                    (&text[open..open + comma], text[open + comma + 1..open + end].trim())
                }
                None => (&text[open..open + end], ""),
            };
            // `T::f`, `|o| o.f()` or `|o, x| o.f(x)`.
            let name = second.rsplit_once(['.', ':']).map_or(second, |(_, name)| name);
            let method = name.split('(').next().unwrap_or("");
            let call = match helper {
                // PyTorch's pair is two arguments here.
                ".maybe(" if second.contains("(a, b)") => {
                    format!(".{method}({first}.0, {first}.1)")
                }
                ".maybe(" => format!(".{method}({first})"),
                ".when(" => format!(".{method}()"),
                _ => String::new(),
            };
            text.replace_range(start..=open + end, &call);
        }
    }
    // An optimiser's settings follow its constructor.
    text.replace("lr)o.", "lr).")
}

/// Where the parenthesis that is open closes, and the first comma on the way that is not inside another one.
fn closed(text: &str) -> Option<(usize, Option<usize>)> {
    let (mut depth, mut comma) = (0, None);
    for (i, c) in text.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' if depth == 0 => return Some((i, comma)),
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 && comma.is_none() => comma = Some(i),
            _ => {}
        }
    }
    None
}
