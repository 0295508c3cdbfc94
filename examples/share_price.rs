//! Can a net predict a price? Not that of a random walk, which is predicted best by its last value; a little, where steps
//! remember.
//!
//! `cargo run --release --example share_price`, or with another seed than 0: `-- SEED`
//!
//! Data: a random walk, and a walk of which each step repeats three tenths of the one before it. The first 60 % are for
//! training, the next 20 % decide when to stop, the last 20 % are the test: time goes one way. Baseline: the last value. A
//! model wins if its squared errors are below those of the baseline by more than two standard errors of the difference.

#![allow(clippy::print_stdout)]

use std::error::Error;

use wengert::data::synth;
use wengert::prelude::*;
use wengert::viz::{self, Chart, stacked};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The number of steps that a model sees.
pub(crate) const WIDTH: usize = 12;

/// The last state of a recurrent net that reads the steps of a window, `[n, WIDTH]`.
#[derive(Clone)]
struct Reader {
    gru: Gru,
}
nn::parts!(Reader { gru });

impl Module for Reader {
    fn forward<'t>(&self, x: Var<'t>) -> Result<Var<'t>> {
        let (_, state) = self.gru.call(x.unsqueeze(2)?)?;
        state.select(0, 0)
    }
}

/// A trained net, with the unit of its steps.
pub(crate) struct Forecast {
    net: Sequential,
    unit: f32,
}

impl Forecast {
    /// Trains on steps of the past, whose deviation is the unit, and stops by recent ones.
    fn train(net: Sequential, known: &[Tensor; 2], epochs: usize, seed: u64) -> Outcome<Self> {
        let [past, recent] = known;
        let unit = steps(past)?.std().item()?;
        let loader = DataLoader::new(samples(past, unit)?, 64)?.shuffle(seed);
        let recent = DataLoader::full(samples(recent, unit)?)?;
        let (criterion, mut optimizer) = (MseLoss::new(), AdamW::new(net.parameters(), 3e-3));
        Trainer::new(&net, &criterion, &mut optimizer)
            .validation(&recent)
            .stopping(EarlyStopping::new().patience(5))
            .silent()
            .fit(&loader, epochs)?;
        Ok(Self { net, unit })
    }

    /// The prediction of each value of a series by those before it: element i is for value `WIDTH + 1 + i`, and does not see it.
    pub(crate) fn predict(&self, series: &Tensor) -> Outcome<Tensor> {
        let seen = samples(series, self.unit)?;
        let next = self.net.predict(seen.features())?.squeeze(1)? * self.unit;
        Ok(series.narrow(0, WIDTH, next.len())?.try_add(&next)?)
    }
}

/// The differences of neighbours.
fn steps(series: &Tensor) -> Result<Tensor> {
    let n = series.len() - 1;
    Ok(series.narrow(0, 1, n)?.try_sub(&series.narrow(0, 0, n)?)?)
}

/// Windows of the steps of a series, each with the step that follows it, in this unit.
fn samples(series: &Tensor, unit: f32) -> Outcome<TensorDataset<f32>> {
    Ok(synth::windows(&(&steps(series)? / unit), WIDTH, 1)?)
}

/// A model against the last value, on the test.
pub(crate) struct Score {
    pub(crate) name: &'static str,
    pub(crate) forecast: Forecast,
    pub(crate) mse: f64,
    pub(crate) of_last: f64,
    /// The standard error of the mean difference of squared errors.
    pub(crate) doubt: f64,
    pub(crate) wins: bool,
}

/// The parts of a series for training, for stopping, and for the test, in the order of time.
pub(crate) fn split(series: &Tensor) -> Result<([Tensor; 2], Tensor)> {
    let fifth = series.len() / 5;
    let part = |from, fifths| series.narrow(0, from * fifth, fifths * fifth);
    Ok(([part(0, 3)?, part(3, 1)?], part(4, 1)?))
}

/// Linear and recurrent on one series.
pub(crate) fn run(series: &Tensor, epochs: usize, seed: u64) -> Outcome<Vec<Score>> {
    let (known, test) = split(series)?;
    let rng = &mut Rng::new(seed);
    let line = sequential![Linear::new(WIDTH, 1, rng)];
    let reader = Reader { gru: Gru::new(1, 16, rng).batch_first() };
    let gru = sequential![reader, Linear::new(16, 1, rng)];
    let mut scores = Vec::new();
    for (name, net) in [("linear", line), ("recurrent", gru)] {
        let forecast = Forecast::train(net, &known, epochs, seed)?;
        let said = forecast.predict(&test)?;
        let truth = test.narrow(0, WIDTH + 1, said.len())?;
        let last = test.narrow(0, WIDTH, said.len())?;
        let (ours, naive) = (said.try_sub(&truth)?.square(), last.try_sub(&truth)?.square());
        let gain = naive.try_sub(&ours)?;
        let doubt = f64::from(gain.std().item()?) / (gain.len() as f64).sqrt();
        let [mse, of_last] = [ours, naive].map(|squares| squares.mean().item().map(f64::from));
        let (mse, of_last) = (mse?, of_last?);
        let wins = of_last - mse > 2.0 * doubt;
        scores.push(Score { name, forecast, mse, of_last, doubt, wins });
    }
    Ok(scores)
}

/// The first sixty values of the test, and what the linear model said of each before it came.
fn picture(title: &str, linear: &Forecast, test: &Tensor) -> Outcome<String> {
    let said = linear.predict(test)?;
    let points = |x: &Tensor| -> Vec<f64> { x.iter().take(60).map(f64::from).collect() };
    Ok(Chart::new(title)
        .x_label("time, in the test")
        .size(760.0, 300.0)
        .line("price", points(&test.narrow(0, WIDTH + 1, said.len())?))
        .line("forecast", points(&said))
        .to_svg())
}

fn main() -> Outcome<()> {
    let seed = std::env::args().nth(1).map_or(Ok(0), |seed| seed.parse())?;
    let mut pictures = Vec::new();
    println!("mean squared error on the test      last value     model   difference");
    for (title, pull) in [("A random walk", 0.0), ("A walk whose steps remember", 0.3)] {
        let series = synth::momentum(10_000, pull, seed);
        let scores = run(&series, 30, seed)?;
        for Score { name, mse, of_last, doubt, wins, .. } in &scores {
            let verdict = if *wins { "wins" } else { "does not win" };
            print!("{title:<28} {name:<10} {of_last:7.4} {mse:9.4}");
            println!("   {:+.4} ± {doubt:.4}: {verdict}", mse - of_last);
        }
        pictures.push(picture(title, &scores[0].forecast, &split(&series)?.1)?);
    }
    viz::save("target/pictures/share_price.svg", &stacked(&pictures))?;
    println!();
    println!("A forecast that follows the price one step late looks good, and is the last value.");
    println!("target/pictures/share_price.svg");
    Ok(())
}
