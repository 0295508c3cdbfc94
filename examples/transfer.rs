//! Ten samples of a digit are few for a net, unless it has seen other digits: what it has learned of 0 to 4 serves for 5 to 9.
//!
//! `cargo run --release --example transfer`, or with another seed than 0: `-- SEED`
//!
//! Data: the built-in digits. The trunk is trained on 0 to 4; of 5 to 9 ten samples each are for training, drawn by the seed, and all
//! others are the test. Baseline: the same net from nothing on the same fifty samples.

#![allow(clippy::print_stdout)]

use std::error::Error;

use wengert::data::{digits, split};
use wengert::prelude::*;
use wengert::viz::{self, Chart};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The fractions of the test that are read right, after each tenth epoch on the few samples.
pub(crate) struct Found {
    pub(crate) from_nothing: Vec<f64>,
    pub(crate) transferred: Vec<f64>,
    /// The number of parameters that the new head has, and of those that stay.
    pub(crate) sizes: (usize, usize),
}

/// Convolutions see strokes, whatever digit they belong to; a linear layer decides.
fn net(rng: &mut Rng) -> Sequential {
    let trunk = sequential![
        images: func(|x: Var<'_>| x.reshape([REST, 1, 8, 8])),
        conv1: Conv2d::new(1, 16, 3, rng).padding(1),
        relu1: Relu,
        conv2: Conv2d::new(16, 32, 3, rng).padding(1),
        relu2: Relu,
        pool: MaxPool2d::new(2),
        flatten: Flatten::default(),
    ];
    sequential![trunk: trunk, head: Linear::new(32 * 4 * 4, 5, rng)]
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
    let (train_set, test) = few(&new, seed)?;
    let first = net(&mut Rng::new(seed));
    train(&first, &seen, &seen, epochs / 10, seed)?;

    // Another net with the trunk of the first: its head has other classes, and starts afresh.
    let second = net(&mut Rng::new(seed + 1));
    let learned = first.state().rename(|name| name.starts_with("trunk").then(|| name.into()));
    second.load_matching(&learned);
    let kept = second.freeze("trunk.*")?;
    let trunk = second.state();
    let transferred = train(&second, &train_set, &test, epochs, seed)?;
    let same =
        |name: &str| !name.starts_with("trunk") || trunk.get(name) == second.state().get(name);
    assert!(trunk.names().all(same) && kept > 0, "a frozen trunk must not move");

    let from_nothing = train(&net(&mut Rng::new(seed + 1)), &train_set, &test, epochs, seed)?;
    let count = |frozen| {
        let of_kind = second.parameters().into_iter().filter(|p| p.is_frozen() == frozen);
        of_kind.map(|p| p.value().len()).sum()
    };
    Ok(Found { from_nothing, transferred, sizes: (count(false), count(true)) })
}

pub(crate) fn picture(found: &Found) -> String {
    let percent = |of: &[f64]| -> Vec<(f64, f64)> {
        of.iter().zip(1..).map(|(a, tens)| (f64::from(10 * tens), 100.0 * a)).collect()
    };
    Chart::new("Digits 5 to 9 from ten samples each")
        .x_label("epochs")
        .y_label("read right, of those that were not trained on, %")
        .points("a trunk that knows 0 to 4", percent(&found.transferred))
        .points("from nothing", percent(&found.from_nothing))
        .to_svg()
}

fn main() -> Outcome<()> {
    let seed = std::env::args().nth(1).map_or(Ok(0), |seed| seed.parse())?;
    let found = run(100, seed)?;
    let last = |of: &[f64]| 100.0 * of.last().copied().unwrap_or(0.0);
    let (trained, kept) = found.sizes;
    println!("digits 5 to 9 after ten samples of each, read right:\n");
    println!(
        "from nothing            {:5.1} %  ({} numbers trained)",
        last(&found.from_nothing),
        trained + kept
    );
    println!("frozen trunk, new head  {:5.1} %  ({trained} trained)", last(&found.transferred));
    viz::save("target/pictures/transfer.svg", &picture(&found))?;
    println!("\ntarget/pictures/transfer.svg");
    Ok(())
}
