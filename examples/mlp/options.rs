//! The options of the command line, and the errors in them.

use std::path::PathBuf;
use std::str::FromStr;

pub(crate) const HELP: &str = "\
Trains a classifier, and shows how it went.

  cargo run --release --example mlp -- [OPTIONS]

What it learns from
  --data WHAT          digits, iris, wine: real data that comes with the crate  [digits]
                       moons, circles, blobs, spirals, xor: points in the plane
                       a .csv file, an IDX file of images, or a directory as MNIST's
  --label COLUMN       the CSV column that holds the class  [the last one]
  --test-share SHARE   the part of the samples that is held back  [0.2]

The net
  --layers SIZES       hidden layers, such as 64,32; `none` for none  [64,32]
  --activation NAME    relu, leaky-relu, tanh, sigmoid, gelu, silu, elu, softplus  [relu]
  --dropout P          the share of each hidden layer that is dropped in training  [0]

How it learns
  --loss NAME          cross-entropy, smoothed (by 0.1), focal, margin, mse  [cross-entropy]
  --optimizer NAME     sgd, momentum, nesterov, adagrad, rmsprop, adam, adamw  [adam]
  --lr RATE            the learning rate  [0.005; 0.1 with sgd, 0.05 with momentum and nesterov]
  --schedule NAME      constant, step, exponential, linear, cosine, one-cycle  [cosine]
  --epochs N           rounds over the data; 0 only evaluates  [30]
  --batch N            samples a step  [32]
  --seed N             the same seed gives the same weights, to the bit  [0]
  --threads N          threads; the weights do not depend on it  [all cores]

Files
  --load FILE          start from these weights (safetensors)
  --save FILE          where the weights go  [DIR/weights.safetensors]
  --out DIR            where the pictures go  [target/mlp]
  --explore            write DIR/explore.html too: one step, forward and back, line by line
";

/// The requests of the command line.
pub(crate) enum Asked {
    Train(Box<Options>),
    Help,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options {
    pub(crate) data: String,
    pub(crate) label: Option<String>,
    pub(crate) test_share: f64,
    pub(crate) layers: Vec<usize>,
    pub(crate) activation: String,
    pub(crate) dropout: f64,
    pub(crate) loss: String,
    pub(crate) optimizer: String,
    pub(crate) lr: f64,
    pub(crate) schedule: String,
    pub(crate) epochs: usize,
    pub(crate) batch: usize,
    pub(crate) seed: u64,
    pub(crate) threads: Option<usize>,
    pub(crate) load: Option<PathBuf>,
    pub(crate) save: Option<PathBuf>,
    pub(crate) out: PathBuf,
    pub(crate) explore: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            data: "digits".into(),
            label: None,
            test_share: 0.2,
            layers: vec![64, 32],
            activation: "relu".into(),
            dropout: 0.0,
            loss: "cross-entropy".into(),
            optimizer: "adam".into(),
            lr: 0.005,
            schedule: "cosine".into(),
            epochs: 30,
            batch: 32,
            seed: 0,
            threads: None,
            load: None,
            save: None,
            out: PathBuf::from("target/mlp"),
            explore: false,
        }
    }
}

const ACTIVATIONS: &[&str] =
    &["relu", "leaky-relu", "tanh", "sigmoid", "gelu", "silu", "elu", "softplus"];
const LOSSES: &[&str] = &["cross-entropy", "smoothed", "focal", "margin", "mse"];
const OPTIMIZERS: &[&str] = &["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw"];
const SCHEDULES: &[&str] = &["constant", "step", "exponential", "linear", "cosine", "one-cycle"];
pub(crate) const NAMES: &[&str] = &[
    "data",
    "label",
    "test-share",
    "layers",
    "activation",
    "dropout",
    "loss",
    "optimizer",
    "lr",
    "schedule",
    "epochs",
    "batch",
    "seed",
    "threads",
    "load",
    "save",
    "out",
    "explore",
    "help",
];

/// Reads the arguments, given as `--name value` or `--name=value`.
pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Asked, String> {
    let mut options = Options::default();
    let mut rate = None;
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        if argument == "-h" || argument == "--help" {
            return Ok(Asked::Help);
        }
        let Some(rest) = argument.strip_prefix("--") else {
            return Err(format!("`{argument}` is no option; options start with --, see --help"));
        };
        let (name, value) = match rest.split_once('=') {
            Some((name, value)) => (name, Some(value.to_string())),
            None => (rest, None),
        };
        if !NAMES.contains(&name) {
            let near =
                nearest(name, NAMES).map_or(String::new(), |n| format!("; did you mean --{n}?"));
            return Err(format!("there is no option --{name}{near} (see --help)"));
        }
        if name == "explore" && value.is_none() {
            options.explore = true;
            continue;
        }
        let Some(value) = value.or_else(|| arguments.next()) else {
            return Err(format!("--{name} needs a value after it (see --help)"));
        };
        let value = value.as_str();
        match name {
            "data" => options.data = value.into(),
            "label" => options.label = Some(value.into()),
            "test-share" => {
                options.test_share =
                    number(name, value, "between 0 and 1", |x| x > 0.0 && x < 1.0)?;
            }
            "layers" => options.layers = sizes(value)?,
            "activation" => options.activation = one_of(name, value, ACTIVATIONS)?,
            "dropout" => {
                options.dropout =
                    number(name, value, "from 0 to below 1", |x| (0.0..1.0).contains(&x))?;
            }
            "loss" => options.loss = one_of(name, value, LOSSES)?,
            "optimizer" => options.optimizer = one_of(name, value, OPTIMIZERS)?,
            "lr" => rate = Some(number(name, value, "above 0", |x: f64| x > 0.0 && x.is_finite())?),
            "schedule" => options.schedule = one_of(name, value, SCHEDULES)?,
            "epochs" => {
                options.epochs = number(name, value, "up to a million", |n| n <= 1_000_000)?
            }
            "batch" => options.batch = number(name, value, "of at least 1", |n| n >= 1)?,
            "seed" => options.seed = number(name, value, "from 0 up", |_| true)?,
            "threads" => {
                options.threads =
                    Some(number(name, value, "from 1 to 1024", |n| (1..=1024).contains(&n))?);
            }
            "load" => options.load = Some(value.into()),
            "save" => options.save = Some(value.into()),
            "explore" => return Err(format!("--explore takes no value, and has `{value}`")),
            _ => options.out = value.into(),
        }
    }
    options.lr = rate.unwrap_or(match options.optimizer.as_str() {
        "sgd" => 0.1,
        "momentum" | "nesterov" => 0.05,
        _ => options.lr,
    });
    Ok(Asked::Train(Box::new(options)))
}

fn number<N: FromStr + Copy>(
    name: &str,
    value: &str,
    range: &str,
    valid: impl Fn(N) -> bool,
) -> Result<N, String> {
    let parsed = value.parse().ok().filter(|&n| valid(n));
    parsed.ok_or_else(|| format!("--{name} is `{value}`, and must be a number {range}"))
}

/// Hidden layers' sizes. The bound keeps a slip of the finger from asking for more weights than memory holds.
fn sizes(value: &str) -> Result<Vec<usize>, String> {
    if value == "none" {
        return Ok(Vec::new());
    }
    let size = |s: &str| s.trim().parse().ok().filter(|n| (1..=16_384).contains(n));
    let sizes: Option<Vec<usize>> = value.split(',').map(size).collect();
    sizes.ok_or_else(|| {
        format!("--layers is `{value}`, and must be sizes from 1 to 16384 such as 64,32, or none")
    })
}

fn one_of(name: &str, value: &str, known: &[&str]) -> Result<String, String> {
    if known.contains(&value) {
        return Ok(value.into());
    }
    let near = nearest(value, known).map_or(String::new(), |n| format!("; did you mean {n}?"));
    Err(format!("--{name} is `{value}`, and must be one of {}{near}", known.join(", ")))
}

/// The known word that is fewest letters away, if those are few.
pub(crate) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    wengert::autograd::nearest(word, known.iter().copied()).first().copied()
}
