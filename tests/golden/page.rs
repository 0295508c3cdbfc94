//! The page docs/pytorch.md, made of the table that the reference cases are run by.

use super::call::Row;
use super::{init, layer, optim, sched, table};

/// What the page begins with.
const HEAD: &str = "\
# PyTorch → wengert

What PyTorch calls it, and what it is here. The reference cases run the lines on the right (`tests/golden/table`), so each
gives PyTorch's values and gradients. This page is made from them: `WENGERT_GOLDEN_BLESS=1 cargo test --test golden`.

`x`, `other`, … are vars (`Var<'_, T>`); masks are `Tensor<bool>`, indices and class numbers `Tensor<usize>`. `?` is left
out. `over(dim, keepdim)` stands for axes as you would write them: `..` for all, `1`, `[0, -1]`, or `keep(…)` of these. A
size of -1 is `REST`. Options that are not wanted are left out.

Differences that no line shows:

- **Losses never broadcast.** A target of another shape is an error that says how to mend it, not a warning.
- **Class numbers and indices are `Tensor<usize>`**, so a negative one does not exist; what is to be ignored is a class number
  of your choice. Floats under a cross-entropy are probabilities, one for each class.
- **A mean over nothing is refused.** `Reduction::MeanOrNan` is PyTorch's.
- **`squeeze` refuses an axis that is not 1**, and slices refuse places beyond their axis.
- **The mode belongs to the tape**: `Tape::new()` is `model.train()`, `Tape::no_grad()` is `model.eval()` and
  `torch.no_grad()` together.

What happens at kinks and ties is on [a page of its own](conventions.md).
";

/// What has no line of its own.
const TAIL: &str = "
`ReduceLROnPlateau` is `ReduceLrOnPlateau::new(rate)`, which is told the losses: `plateau.step(loss)`. `SequentialLR` is
`a.then(10, b).then(20, c)`. `LBFGS` is `Lbfgs::new(parameters, lr)`, whose `step` takes the closure. `clip_grad_norm_` is
`clip_grad_norm(&parameters, max_norm)`, or `ClipNorm::new(max_norm).norm(norm_type).clip(&parameters)`, and
`clip_grad_value_` is `clip_grad_value`.

An optimiser of one's own, a subclass of `torch.optim.Optimizer` there, is an `impl Optimizer<f32>` of four methods: `step`,
`parameters`, `learning_rate` and `set_learning_rate`. With them it works in `Trainer`, `train_epoch` and `Checkpoint`; one
that remembers more than its rate says so in `state` and `load_state`.
";

/// The page.
pub fn page() -> String {
    let mut out = HEAD.to_string();
    let own: [(&str, &[Row]); 4] = [
        ("Layers (`torch.nn`)", layer::ROWS),
        ("Initialisers (`torch.nn.init`)", init::ROWS),
        ("Optimisers (`torch.optim`)", optim::ROWS),
        ("Schedules (`torch.optim.lr_scheduler`)", sched::ROWS),
    ];
    for (heading, rows) in table::PARTS.iter().chain(&own) {
        out.push_str(&format!("\n## {heading}\n\n| PyTorch | wengert |\n|---|---|\n"));
        let rows = rows.iter().filter(|row| row.text != [""]);
        for row in rows.clone() {
            let several = rows.clone().filter(|other| other.op == row.op).count() > 1;
            let names: Vec<String> = row
                .parameters
                .iter()
                .filter(|(name, _)| *name != "rate" && !name.starts_with("fan_"))
                .map(|(name, kind)| match (several, word(kind)) {
                    (true, Some(word)) => format!("{name}: {word}"),
                    _ => (*name).to_string(),
                })
                .collect();
            let ours = row.text.first().map_or_else(|| tidy(row.ours), |text| text.to_string());
            out.push_str(&format!("| `{}({})` | `{ours}` |\n", row.op, names.join(", ")));
        }
    }
    out.push_str(TAIL);
    out
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
                ".maybe(" => format!(".{method}({first})"),
                ".when(" => format!(".{method}()"),
                _ => String::new(),
            };
            text.replace_range(start..=open + end, &call);
        }
    }
    // An optimiser's settings follow its constructor.
    text.replace("lr)o.", "lr).").replace('|', "\\|")
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
