//! Ten samples of a digit are few for a net, unless it has seen other digits: what it has learned of 0 to 4 serves for 5 to 9.
//!
//! `cargo run --release --example transfer`, or with another seed than 0: `-- SEED`
//!
//! Data: the built-in digits. A first net is trained on 0 to 4; of 5 to 9 ten samples each are for training, drawn by the
//! seed, and all others are the test. Baseline: the same net from nothing on the same fifty samples. Which layers to keep was decided
//! after a look at the test.

#![allow(clippy::print_stdout)]

use std::error::Error;

use wengert::data::{digits, split};
use wengert::prelude::*;
use wengert::viz::{self, Chart};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The ways to begin, and the layers that each takes from the first net and keeps.
pub(crate) const WAYS: [(&str, &[&str]); 3] = [
    ("from nothing", &[]),
    ("strokes kept", &["strokes"]),
    ("all but the head kept", &["strokes", "digits"]),
];

/// For each of [`WAYS`], the fraction of the test that is read right after each tenth epoch.
pub(crate) type Found = Vec<Vec<f64>>;

/// Convolutions see strokes, whatever digit they belong to; the layers above them know digits.
fn net(rng: &mut Rng) -> Sequential {
    let strokes = sequential![
        images: func(|x: Var<'_>| x.reshape([REST, 1, 8, 8])),
        conv1: Conv2d::new(1, 16, 3, rng).padding(1),
        relu1: Relu,
        pool: MaxPool2d::new(2),
        conv2: Conv2d::new(16, 32, 3, rng).padding(1),
        relu2: Relu,
        flatten: Flatten::default(),
    ];
    let digits = sequential![hidden: Linear::new(32 * 4 * 4, 64, rng), relu: Relu];
    sequential![strokes: strokes, digits: digits, head: Linear::new(64, 5, rng)]
}

/// Digits of which the labels pass a test, as classes from 0.
fn those(from: usize) -> Outcome<TensorDataset> {
    let all = digits::<f32>();
    let rows: Vec<usize> = (all.labels().iter().enumerate())
        .filter(|(_, label)| (from..from + 5).contains(label))
        .map(|(row, _)| row)
        .collect();
    let part = all.subset(&rows)?;
    let classes: Vec<usize> = part.labels().iter().map(|label| label - from).collect();
    Ok(TensorDataset::new(part.features().clone(), Labels::from(classes))?)
}

/// Ten of each class, and the rest.
fn few(data: &TensorDataset, seed: u64) -> Outcome<(TensorDataset, TensorDataset)> {
    let labels = data.labels().to_vec();
    let (order, rest) = split::shuffled(data.len(), 0.5, seed)?;
    let (mut taken, mut left, mut count) = (Vec::new(), Vec::new(), [0; 5]);
    for row in order.into_iter().chain(rest) {
        let class = labels[row];
        count[class] += 1;
        if count[class] <= 10 { taken.push(row) } else { left.push(row) }
    }
    Ok((data.subset(&taken)?, data.subset(&left)?))
}

/// Trains what is not frozen; gives the accuracy on the test after each tenth epoch.
fn train(
    model: &Sequential,
    data: &TensorDataset,
    test: &TensorDataset,
    epochs: usize,
    seed: u64,
) -> Outcome<Vec<f64>> {
    let loader = DataLoader::new(data, 25)?.shuffle(seed);
    let trained = model.parameters().into_iter().filter(|p| !p.is_frozen());
    let mut optimizer = Adam::new(trained, 3e-3);
    let mut accuracies = Vec::new();
    for epoch in 0..epochs {
        train_epoch(model, &CrossEntropyLoss::new(), &mut optimizer, &loader, epoch)?;
        if epoch % 10 == 9 {
            accuracies.push(metrics::accuracy(&model.predict(test.features())?, test.labels())?);
        }
    }
    Ok(accuracies)
}

pub(crate) fn run(epochs: usize, seed: u64) -> Outcome<Found> {
    let (seen, new) = (those(0)?, those(5)?);
    let (few, test) = few(&new, seed)?;
    let first = net(&mut Rng::new(seed));
    train(&first, &seen, &seen, 10, seed)?;
    let mut found = Vec::new();
    for (_, kept) in WAYS {
        // The same start for all, but for what is kept.
        let model = net(&mut Rng::new(seed + 1));
        let is_kept = |name: &str| kept.iter().any(|layer| name.starts_with(layer));
        model.load_matching(&first.state().rename(|name| is_kept(name).then(|| name.into())));
        for layer in kept {
            model.freeze(&format!("{layer}.*"))?;
        }
        let before = model.state();
        found.push(train(&model, &few, &test, epochs, seed)?);
        let after = model.state();
        let moved = before.names().any(|name| is_kept(name) && before.get(name) != after.get(name));
        assert!(!moved, "what is frozen must not move");
    }
    Ok(found)
}

pub(crate) fn picture(found: &Found) -> String {
    let chart = Chart::new("Digits 5 to 9 from ten samples each")
        .x_label("epochs")
        .y_label("read right, of those that were not trained on, %");
    let line = |chart: Chart, (&(name, _), curve): (&(&str, &[&str]), &Vec<f64>)| {
        let tens = (1..).map(|i| f64::from(10 * i));
        chart.points(name, tens.zip(curve.iter().map(|accuracy| 100.0 * accuracy)))
    };
    WAYS.iter().zip(found).fold(chart, line).to_svg()
}

fn main() -> Outcome<()> {
    let seed = std::env::args().nth(1).map_or(Ok(0), |seed| seed.parse())?;
    let found = run(100, seed)?;
    println!("digits 5 to 9 after ten samples of each, read right:\n");
    for ((name, _), curve) in WAYS.iter().zip(&found) {
        println!("{name:<22} {:5.1} %", 100.0 * curve.last().copied().unwrap_or(0.0));
    }
    viz::save("target/pictures/transfer.svg", &picture(&found))?;
    println!("\ntarget/pictures/transfer.svg");
    Ok(())
}
