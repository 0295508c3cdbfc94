//! Digits of which one label in five is wrong: cross-entropy learns the mistakes by heart, other losses forgive them, and the
//! samples of the largest loss are the mistakes.
//!
//! `cargo run --release --example noisy_labels`, or with another seed than 0: `-- SEED`
//!
//! Data: the built-in digits, four fifths for training, of which 20 % get the label of another digit; the test has right labels.
//! The baseline is cross-entropy. The number of epochs was fixed before the first run.

#![allow(clippy::print_stdout)]

use std::error::Error;

use wengert::data::{digits, synth};
use wengert::loss;
use wengert::prelude::*;
use wengert::viz::{self, Picture, image_grid};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The outcome of all losses.
pub(crate) struct Found {
    /// The accuracies on the test: cross-entropy, with smoothing, generalised.
    pub(crate) accuracies: [f64; 3],
    /// The fraction of wrong labels among the samples of the largest loss, as many as there are wrong labels.
    pub(crate) unmasked: f64,
    /// The worst samples.
    pub(crate) picture: String,
}

/// A net with room to learn every label by heart, trained by a loss.
fn trained(
    data: &TensorDataset,
    epochs: usize,
    seed: u64,
    criterion: &impl for<'t, 'a> Loss<'t, f32, &'a Labels>,
) -> Outcome<Sequential> {
    let rng = &mut Rng::new(seed);
    let model = sequential![Linear::new(64, 256, rng), Relu, Linear::new(256, 10, rng)];
    let loader = DataLoader::new(data, 64)?.shuffle(seed);
    let mut optimizer = Adam::new(model.parameters(), 2e-3);
    Trainer::new(&model, criterion, &mut optimizer).silent().fit(&loader, epochs)?;
    Ok(model)
}

pub(crate) fn run(epochs: usize, seed: u64) -> Outcome<Found> {
    let (train, test) = digits::<f32>().stratified_split(0.2, seed)?;
    let (labels, wrong) = synth::flipped(train.labels(), 10, 0.2, seed);
    let spoilt = TensorDataset::new(train.features().clone(), labels.clone())?;
    let smoothing = CrossEntropyLoss::new().label_smoothing(0.2);
    let generalised = GeneralizedCrossEntropyLoss::new().q(0.7);
    let models = [
        trained(&spoilt, epochs, seed, &CrossEntropyLoss::new())?,
        trained(&spoilt, epochs, seed, &smoothing)?,
        trained(&spoilt, epochs, seed, &generalised)?,
    ];
    let mut accuracies = [0.0; 3];
    for (accuracy, model) in accuracies.iter_mut().zip(&models) {
        *accuracy = metrics::accuracy(&model.predict(test.features())?, test.labels())?;
    }
    // The samples that surprise the most forgiving model most.
    let each = CrossEntropyLoss::new().reduction(Reduction::None);
    let scores = models[2].predict(spoilt.features())?;
    let worst = loss::worst_samples(&each, &scores, &labels, wrong.count())?;
    let is_wrong = wrong.to_vec();
    let found = worst.iter().filter(|sample| is_wrong[sample.index]).count();
    let mut pictures = Vec::new();
    for sample in worst.iter().take(24) {
        let image = spoilt.features().select(0, sample.index)?.reshape([8, 8])?;
        let (label, read) = (sample.target.item()?, sample.prediction.argmax()?);
        let verdict = if is_wrong[sample.index] { "planted" } else { "a find" };
        pictures.push(Picture::new(image, format!("{label}? {read}: {verdict}")));
    }
    let title =
        "The largest losses: the label that was given, what is read, and whether we planted it";
    let picture = image_grid(title, &pictures, 8)?;
    Ok(Found { accuracies, unmasked: found as f64 / worst.len() as f64, picture })
}

fn main() -> Outcome<()> {
    let seed = std::env::args().nth(1).map_or(Ok(0), |seed| seed.parse())?;
    let found = run(60, seed)?;
    println!("trained on digits of which 20 % have wrong labels; read right, of the test:\n");
    for (name, accuracy) in
        ["cross-entropy", "label smoothing", "generalised"].iter().zip(found.accuracies)
    {
        println!("{name:<16} {:5.1} %", 100.0 * accuracy);
    }
    println!(
        "\nof the samples of the largest loss, {:.0} % have a wrong label (by chance 20 %)",
        100.0 * found.unmasked
    );
    viz::save("target/pictures/noisy_labels.svg", &found.picture)?;
    println!("target/pictures/noisy_labels.svg");
    Ok(())
}
