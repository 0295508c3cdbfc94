//! Faults of a machine that nobody has seen yet: nets that know only how it sounds when all is well.
//!
//! `cargo run --release --example anomaly`, or with another seed than 0: `-- SEED`
//!
//! Data: windows of vibration. Training windows are healthy. The threshold is chosen on healthy validation windows: one
//! false alarm in a hundred. The test, from a seed of its own, has 10 % faults: a rhythm that slips, or knocking. Baseline:
//! how loud a window is.

#![allow(clippy::print_stdout)]

use std::error::Error;

use wengert::data::synth;
use wengert::prelude::*;
use wengert::viz::{self, Chart, stacked};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// A way to tell the unusual, on the test.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Score {
    pub(crate) auroc: f64,
    /// The fractions of the faulty and of the healthy windows above the threshold.
    pub(crate) found: f64,
    pub(crate) false_alarms: f64,
}

pub(crate) struct Found {
    pub(crate) loudness: Score,
    pub(crate) one_class: Score,
    pub(crate) autoencoder: Score,
    /// The fraction of faults among the twenty windows that the autoencoder reconstructs worst.
    pub(crate) worst: f64,
    pub(crate) picture: String,
}

/// From 64 numbers to 6 and back: what is unusual does not pass. A healthy window has a phase, a height and a speed.
fn autoencoder(rng: &mut Rng) -> Sequential {
    sequential![
        Linear::new(64, 64, rng),
        Tanh,
        Linear::new(64, 6, rng),
        Linear::new(6, 64, rng),
        Tanh,
        Linear::new(64, 64, rng)
    ]
}

/// To 16 numbers, without biases: otherwise a constant would be the best net for the loss below.
fn features(rng: &mut Rng) -> Sequential {
    sequential![
        Linear::new(64, 64, rng).without_bias(),
        LeakyRelu::default(),
        Linear::new(64, 16, rng).without_bias()
    ]
}

/// The mean squared distance of each row from another.
fn distances(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    Ok(a.try_sub(b)?.square().mean_over(1)?)
}

fn judge(validation: &Tensor, scores: &Tensor, labels: &Labels) -> Outcome<Score> {
    let mut healthy = validation.to_vec();
    healthy.sort_by(f32::total_cmp);
    let threshold = f64::from(healthy[(0.99 * healthy.len() as f64) as usize]);
    let (found, quiet) = metrics::sensitivity_and_specificity(scores, labels, threshold)?;
    Ok(Score { auroc: metrics::auroc(scores, labels)?, found, false_alarms: 1.0 - quiet })
}

pub(crate) fn run(windows: usize, epochs: usize, seed: u64) -> Outcome<Found> {
    let part = |n, share, k| synth::machine::<f32>(n, share, 3 * seed + k);
    let healthy = part(windows, 0.0, 0);
    let (validation, test) = (part(windows / 2, 0.0, 1), part(windows / 2, 0.1, 2));
    let (calm, heard, labels) = (validation.features(), test.features(), test.labels());
    let train = |model: &Sequential, aim: Tensor| -> Outcome<()> {
        let samples = TensorDataset::new(healthy.features().clone(), aim)?;
        let loader = DataLoader::new(samples, 50)?.shuffle(seed);
        let mut optimizer = AdamW::new(model.parameters(), 2e-3);
        Trainer::new(model, &MseLoss::new(), &mut optimizer)
            .schedule(schedule::OneCycleLr::new(2e-3, epochs * loader.batches()))
            .silent()
            .fit(&loader, epochs)?;
        Ok(())
    };
    let rng = &mut Rng::new(seed);
    let copy = autoencoder(rng);
    train(&copy, healthy.features().clone())?;
    let by_copy = |x: &Tensor| distances(&copy.predict(x)?, x);
    let (usual, unusual) = (by_copy(calm)?, by_copy(heard)?);

    // One-class loss: the features of all that is healthy lie near their first mean.
    let ball = features(rng);
    let centre = ball.predict(healthy.features())?.mean_over(keep(0))?;
    let to_centre = |x: &Tensor| centre.expand([x.shape()[0], 16]).map(|c| c.contiguous());
    train(&ball, to_centre(healthy.features())?)?;
    let by_ball = |x: &Tensor| distances(&ball.predict(x)?, &to_centre(x)?);
    let loudness = |x: &Tensor| x.square().mean_over(1);

    let mut order: Vec<usize> = (0..unusual.len()).collect();
    let of = unusual.to_vec();
    order.sort_by(|a, b| of[*b].total_cmp(&of[*a]));
    let faults = order.iter().take(20).filter(|i| labels.to_vec()[**i] == 1).count();
    Ok(Found {
        loudness: judge(&loudness(calm)?, &loudness(heard)?, labels)?,
        one_class: judge(&by_ball(calm)?, &by_ball(heard)?, labels)?,
        autoencoder: judge(&usual, &unusual, labels)?,
        worst: faults as f64 / 20.0,
        picture: picture(&copy, &test, &order)?,
    })
}

/// The windows that the autoencoder reconstructs worst, and a usual one.
fn picture(model: &Sequential, test: &TensorDataset, order: &[usize]) -> Outcome<String> {
    let mut charts = Vec::new();
    for (i, &row) in order.iter().take(4).chain(order.iter().rev().take(1)).enumerate() {
        let x = test.features().narrow(0, row, 1)?.contiguous();
        let copy = model.predict(&x)?;
        let fault = if test.labels().to_vec()[row] == 1 { "a fault" } else { "healthy" };
        let place =
            if i < 4 { format!("copied worst, no. {}", i + 1) } else { "copied best".into() };
        let numbers = |x: &Tensor| x.iter().map(f64::from).collect::<Vec<_>>();
        let chart = Chart::new(format!("{place}: {fault}"))
            .size(480.0, 200.0)
            .line("heard", numbers(&x))
            .line("copy", numbers(&copy));
        charts.push(chart.to_svg());
    }
    Ok(stacked(&charts))
}

fn main() -> Outcome<()> {
    let seed = std::env::args().nth(1).map_or(Ok(0), |seed| seed.parse())?;
    let found = run(4000, 40, seed)?;
    println!("on the test               AUROC   faults found   false alarms");
    for (name, score) in [
        ("loudness", found.loudness),
        ("one-class features", found.one_class),
        ("autoencoder", found.autoencoder),
    ] {
        let Score { auroc, found, false_alarms } = score;
        println!("{name:<22} {auroc:8.3} {:12.1} % {:12.1} %", 100.0 * found, 100.0 * false_alarms);
    }
    println!("\nof the twenty copied worst, {:.0} % have a fault", 100.0 * found.worst);
    viz::save("target/pictures/anomaly.svg", &found.picture)?;
    println!("target/pictures/anomaly.svg");
    Ok(())
}
