//! A classifier, trained on the built-in digits or on data of yours: `cargo run --release --example mlp -- --help`.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use wengert::data;
use wengert::nn::{self, Parts, mlp};
use wengert::optim::schedule::CosineAnnealingLr;
use wengert::prelude::*;
use wengert::viz::{Chart, Scale, mistakes, save, tape_svg};

type Outcome<T> = Result<T, Box<dyn Error>>;

pub(crate) const HELP: &str = "\
Trains a classifier, and shows how it went.

  cargo run --release --example mlp -- [OPTIONS]

  --data WHAT        digits, iris, wine: real data that comes with the crate  [digits]
                     moons, circles, blobs, spirals, xor: points in the plane
                     a .csv file whose last column is the class, an IDX file of images, a directory as MNIST's
  --layers SIZES     widths of the hidden layers, such as 64,32; `none` for none  [64,32]
  --activation NAME  relu, tanh, sigmoid, gelu  [relu]
  --dropout P        fraction of each hidden layer that is dropped in training  [0]
  --optimizer NAME   adam, adamw, sgd (with momentum)  [adam]
  --lr RATE          learning rate at the start; it falls as a cosine  [0.005, or 0.05 with sgd]
  --epochs N         passes over the data; 0 only evaluates  [30]
  --batch N          samples a step  [32]
  --seed N           the same seed gives the same weights, to the bit  [0]
  --load FILE        start from these weights (safetensors)
  --out DIR          folder of the weights and the pictures  [target/mlp]
  --explore          write DIR/explore.html too: one step, forward and back, line by line
";

/// The settings of a run: the defaults, and what the command line says instead. What is empty or 0 is chosen later.
pub(crate) fn settings(arguments: impl IntoIterator<Item = String>) -> Outcome<Config> {
    let data = Config::new().with("data", "digits").with("seed", 0);
    let net = data.with("layers", "64,32").with("activation", "relu").with("dropout", 0.0);
    let training =
        net.with("optimizer", "adam").with("lr", 0.0).with("epochs", 30).with("batch", 32);
    let files = training.with("load", "").with("out", "target/mlp").with("explore", "no");
    Ok(files.arguments(arguments)?)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--help" || argument == "-h") {
        print!("{HELP}");
        return ExitCode::SUCCESS;
    }
    match settings(arguments).and_then(|settings| run(&settings)) {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mlp: {}", one_line(&*error));
            ExitCode::from(2)
        }
    }
}

/// The text of an error in one line, without the lines of this program that met it: these tell a user nothing.
pub(crate) fn one_line(error: &dyn Error) -> String {
    let text = error.to_string();
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with("at "));
    lines.collect::<Vec<_>>().join("; ")
}

/// All of it; returns the fraction of held-back samples that are read right.
pub(crate) fn run(settings: &Config) -> Outcome<f64> {
    let (seed, batch) = (settings.count("seed")? as u64, settings.count("batch")?);
    let (what, epochs) = (settings.word("data")?, settings.count("epochs")?);
    let (train, test) = data::by_name::<f32>(what, 0.2, seed)?;
    let image = train.features().shape()[1..].to_vec();
    let (train, test) = on_one_scale(&train, &test)?;
    let features = train.features().shape()[1];
    let classes = train.classes().max(test.classes());
    let (samples, held_back) = (train.len(), test.len());
    println!(
        "{what}: {samples} samples to learn from, {held_back} held back; {features} features, {classes} classes"
    );

    let model = model(settings, features, classes, &mut Rng::new(seed))?;
    let weights = settings.word("load")?;
    if !weights.is_empty() {
        model.load_state(&nn::load(weights)?)?;
        println!("weights from {weights}");
    }
    println!("\n{}", model.summary(&Tensor::zeros([batch, features]))?);

    let loader = DataLoader::new(train.clone(), batch)?.shuffle(seed);
    let test_loader = DataLoader::new(test.clone(), 512)?;
    let criterion = CrossEntropyLoss::new();
    let mut optimizer = optimizer(settings, model.parameters())?;
    let schedule = CosineAnnealingLr::new(optimizer.learning_rate(), epochs * loader.batches());
    let untrained = evaluate(&model, &criterion, &loader)?;
    let started = Instant::now();
    let history = Trainer::new(&model, &criterion, &mut *optimizer)
        .validation(&test_loader)
        .metric("accuracy", metrics::accuracy)
        .schedule(schedule)
        .seed(seed)
        .print_epochs()
        .fit(&loader, epochs)?;
    if let Some(last) = history.epochs.last().filter(|last| last.train_loss > untrained) {
        let loss = last.train_loss;
        return Err(
            format!("the loss rose from {untrained:.4} to {loss:.2e}; try a lower --lr").into()
        );
    }

    let scores = model.predict(test.features())?;
    let accuracy = metrics::accuracy(&scores, test.labels())?;
    let (right, seconds) = ((accuracy * held_back as f64).round(), started.elapsed().as_secs_f64());
    let percent = 100.0 * accuracy;
    println!(
        "\n{right} of {held_back} held-back samples are read right: {percent:.2} %, after {seconds:.2} s\n"
    );

    let out = PathBuf::from(settings.word("out")?);
    charts(&history, &out)?;
    if let &[rows, columns] = &image[..] {
        let images = test.features().reshape([held_back, rows, columns])?;
        let predicted = metrics::predictions(&scores)?;
        let picture = mistakes(&images, test.labels(), &predicted, test.class_names())?;
        put(&out, "wrong.svg", &picture)?;
    }
    let (inputs, labels) = train.slice(0..batch.min(samples))?.into_parts();
    let tape = Tape::new().seeded(seed);
    criterion.forward(model.call(tape.constant(inputs))?, &labels)?;
    put(&out, "tape.svg", &tape_svg(&tape))?;
    if settings.word("explore")? == "yes" {
        tape.explore(out.join("explore.html"))?;
        println!("{}", out.join("explore.html").display());
    }
    nn::save(out.join("weights.safetensors"), &model.state())?;
    println!("{}", out.join("weights.safetensors").display());
    Ok(accuracy)
}

/// Images as rows of pixels; other features with each column on the scale that the training part gives.
fn on_one_scale(
    train: &TensorDataset,
    test: &TensorDataset,
) -> Outcome<(TensorDataset, TensorDataset)> {
    let with = |change: &dyn Fn(&Tensor) -> Outcome<Tensor>| -> Outcome<_> {
        let (a, b) = (change(train.features())?, change(test.features())?);
        Ok((train.with_features(a)?, test.with_features(b)?))
    };
    if train.features().rank() > 2 {
        return with(&|images| Ok(images.flatten_axes(1, 2)?));
    }
    let scale = Standardizer::fit(train.features())?;
    with(&|columns| Ok(scale.apply(columns)?))
}

/// Linear layers with activations between them.
fn model(settings: &Config, features: usize, classes: usize, rng: &mut Rng) -> Outcome<Sequential> {
    let mut widths = vec![features];
    let layers = settings.word("layers")?;
    for size in layers.split(',').filter(|_| layers != "none") {
        // The bound keeps a slip of the finger from asking for more weights than memory holds.
        let width = size.trim().parse().ok().filter(|n| (1..=16_384).contains(n));
        widths.push(
            width.ok_or_else(|| {
                format!("--layers is `{layers}`, and must be widths such as 64,32")
            })?,
        );
    }
    widths.push(classes);
    let (activation, dropout) = (settings.word("activation")?, settings.number("dropout")?);
    if !["relu", "tanh", "sigmoid", "gelu"].contains(&activation) {
        return Err(format!(
            "--activation is `{activation}`, and must be relu, tanh, sigmoid or gelu"
        )
        .into());
    }
    let between = |net: &mut Sequential| {
        match activation {
            "tanh" => net.push(Tanh),
            "sigmoid" => net.push(Sigmoid),
            "gelu" => net.push(Gelu::new()),
            _ => net.push(Relu),
        }
        if dropout > 0.0 {
            net.push(Dropout::new(dropout));
        }
    };
    Ok(mlp(&widths, between, rng))
}

fn optimizer(settings: &Config, parameters: Vec<Param>) -> Outcome<Box<dyn Optimizer<f32>>> {
    let lr = settings.number("lr")?;
    let or = |usual: f64| if lr == 0.0 { usual } else { lr };
    Ok(match settings.word("optimizer")? {
        "adam" => Box::new(Adam::new(parameters, or(0.005))),
        "adamw" => Box::new(AdamW::new(parameters, or(0.005))),
        "sgd" => Box::new(Sgd::new(parameters, or(0.05)).momentum(0.9)),
        name => {
            return Err(format!("--optimizer is `{name}`, and must be adam, adamw or sgd").into());
        }
    })
}

/// The loss and the accuracy, epoch by epoch.
fn charts(history: &History, out: &Path) -> Outcome<()> {
    if history.epochs.len() < 2 {
        return Ok(());
    }
    let loss = Chart::new("Loss")
        .x_label("epoch")
        .y_label("mean of all samples, logarithmic")
        .scale(Scale::Log);
    let loss = loss.line("train", history.train_losses()).line("test", history.validation_losses());
    put(out, "loss.svg", &loss.to_svg())?;
    let accuracy = Chart::new("Accuracy").x_label("epoch").y_label("samples read right, %");
    let percent = |metric: f64| 100.0 * metric;
    let accuracy = accuracy.line("train", history.train_metrics().map(percent));
    put(
        out,
        "accuracy.svg",
        &accuracy.line("test", history.validation_metrics().map(percent)).to_svg(),
    )
}

fn put(out: &Path, file: &str, picture: &str) -> Outcome<()> {
    let path = out.join(file);
    save(&path, picture)?;
    println!("{}", path.display());
    Ok(())
}
