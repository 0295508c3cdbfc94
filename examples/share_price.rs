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
struct Reader(Gru);

impl Parts<f32> for Reader {
    fn visit(&self, v: &mut Visitor<'_, f32>) {
        v.module("gru", &self.0);
    }
}

impl Module for Reader {
    fn forward<'t>(&self, x: Var<'t>) -> Result<Var<'t>> {
        let (_, state) = self.0.call(x.unsqueeze(2)?)?;
        state.select(0, 0)
    }
}

/// A trained net, with the unit of its steps.
pub(crate) struct Forecast {
    net: Sequential,
    unit: f32,
}

impl Forecast {
    /// Trains on a series: steps of its first part, stopped by those of its second.
    fn train(
        net: Sequential,
        past: &Tensor,
        recent: &Tensor,
        epochs: usize,
        seed: u64,
    ) -> Outcome<Self> {
        let steps = steps(past)?;
        // From the training part alone.
        let unit = steps.std().item()?;
        let loader =
            DataLoader::new(synth::windows(&(&steps / unit), WIDTH, 1)?, 64)?.shuffle(seed);
        let recent = DataLoader::full(synth::windows(&(&self::steps(recent)? / unit), WIDTH, 1)?)?;
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
        let steps = steps(series)?;
        let seen = synth::windows(&(&steps / self.unit), WIDTH, 1)?;
        let next = self.net.predict(seen.features())?.squeeze(1)? * self.unit;
        let last = series.narrow(0, WIDTH, next.len())?;
        Ok(last.try_add(&next)?)
    }
}

/// The differences of neighbours.
fn steps(series: &Tensor) -> Result<Tensor> {
    let n = series.len() - 1;
    Ok(series.narrow(0, 1, n)?.try_sub(&series.narrow(0, 0, n)?)?)
}

/// A model against the last value.
#[derive(Debug)]
pub(crate) struct Score {
    pub(crate) name: &'static str,
    pub(crate) mse: f64,
    pub(crate) of_last: f64,
    /// The standard error of the mean difference of squared errors.
    pub(crate) doubt: f64,
}

impl Score {
    pub(crate) fn wins(&self) -> bool {
        self.of_last - self.mse > 2.0 * self.doubt
    }
}

/// Linear and recurrent on one series; and the linear model's forecasts of the test, next to the truth.
pub(crate) struct Found {
    pub(crate) scores: Vec<Score>,
    pub(crate) forecasts: Vec<Forecast>,
    pub(crate) test: Tensor,
}

pub(crate) fn run(series: &Tensor, epochs: usize, seed: u64) -> Outcome<Found> {
    let fifth = series.len() / 5;
    let past = series.narrow(0, 0, 3 * fifth)?;
    let recent = series.narrow(0, 3 * fifth, fifth)?;
    let test = series.narrow(0, 4 * fifth, fifth)?;
    let rng = &mut Rng::new(seed);
    let line = sequential![Linear::new(WIDTH, 1, rng)];
    let gru = sequential![Reader(Gru::new(1, 16, rng).batch_first()), Linear::new(16, 1, rng)];
    let (mut scores, mut forecasts) = (Vec::new(), Vec::new());
    for (name, net) in [("linear", line), ("recurrent", gru)] {
        let forecast = Forecast::train(net, &past, &recent, epochs, seed)?;
        let said = forecast.predict(&test)?;
        let truth = test.narrow(0, WIDTH + 1, said.len())?;
        let last = test.narrow(0, WIDTH, said.len())?;
        let (ours, naive) = (said.try_sub(&truth)?.square(), last.try_sub(&truth)?.square());
        let gain = naive.try_sub(&ours)?;
        let doubt = f64::from(gain.std().item()?) / (gain.len() as f64).sqrt();
        let mean = |x: &Tensor| -> Outcome<f64> { Ok(f64::from(x.mean().item()?)) };
        scores.push(Score { name, mse: mean(&ours)?, of_last: mean(&naive)?, doubt });
        forecasts.push(forecast);
    }
    Ok(Found { scores, forecasts, test })
}

/// The first sixty values of the test, and what the linear model said of each before it came.
fn picture(title: &str, found: &Found) -> Outcome<String> {
    let said = found.forecasts[0].predict(&found.test)?;
    let points = |x: &Tensor| -> Vec<f64> { x.iter().take(60).map(f64::from).collect() };
    Ok(Chart::new(title)
        .x_label("time, in the test")
        .size(760.0, 300.0)
        .line("price", points(&found.test.narrow(0, WIDTH + 1, said.len())?))
        .line("forecast", points(&said))
        .to_svg())
}

fn main() -> Outcome<()> {
    let seed = std::env::args().nth(1).map_or(Ok(0), |seed| seed.parse())?;
    let mut pictures = Vec::new();
    println!("mean squared error on the test      last value     model   difference");
    for (title, pull) in [("A random walk", 0.0), ("A walk whose steps remember", 0.3)] {
        let found = run(&synth::momentum(10_000, pull, seed), 30, seed)?;
        for score in &found.scores {
            let Score { name, mse, of_last, doubt } = score;
            let verdict = if score.wins() { "wins" } else { "does not win" };
            println!(
                "{title:<28} {name:<10} {of_last:7.4} {mse:9.4}   {:+.4} ± {doubt:.4}: {verdict}",
                mse - of_last
            );
        }
        pictures.push(picture(title, &found)?);
    }
    viz::save("target/pictures/share_price.svg", &stacked(&pictures))?;
    println!(
        "\nA forecast that follows the price one step late looks good, and is the last value."
    );
    println!("target/pictures/share_price.svg");
    Ok(())
}
