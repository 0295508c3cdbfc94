//! A line through points with ever more outliers, by four losses: where each of them breaks.
//!
//! `cargo run --release --example robust`, or with another seed than 0: `-- SEED`
//!
//! Data: 200 points of y = 3x + 4 with normal noise of deviation ½, of which up to four in ten are some 30 too high. The test is
//! 200 other points, without outliers. The baseline is the squared error.

#![allow(clippy::print_stdout)]

use std::error::Error;

use wengert::data::synth;
use wengert::loss;
use wengert::prelude::*;
use wengert::viz::{self, Chart, Scale};

type Outcome<T> = Result<T, Box<dyn Error>>;

pub(crate) const LOSSES: [&str; 4] = ["squared", "absolute", "Huber", "adaptive"];

/// The outcome at one fraction of outliers.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) outliers: f64,
    /// The root of the mean squared error on the test, for each loss.
    pub(crate) errors: [f64; 4],
    /// The shape that the adaptive loss has learned: 2 for normal noise, 0 for Cauchy's heavy tails.
    pub(crate) alpha: f64,
}

/// The line of least loss, by so many steps of Adam, the rate falling to 0. A loss with parameters of its own learns them too.
fn fit(
    (x, y): (&Tensor, &Tensor),
    steps: usize,
    of_loss: Vec<Param>,
    criterion: impl for<'t> Fn(Var<'t>, &Tensor) -> Result<Var<'t>>,
) -> Outcome<Linear> {
    let model = Linear::new(1, 1, &mut Rng::new(0));
    let all = (&model, of_loss);
    let mut optimizer = Adam::new(all.parameters(), 0.1);
    for step in 0..steps {
        let tape = Tape::new();
        optimizer.zero_grad();
        criterion(model.call(tape.constant(x.clone()))?, y)?.backward()?;
        optimizer.set_learning_rate(0.1 * (1.0 - step as f64 / steps as f64));
        optimizer.step()?;
    }
    Ok(model)
}

/// All losses at this fraction of outliers.
fn at(outliers: f64, steps: usize, seed: u64) -> Outcome<Row> {
    let (x, y) = synth::linear::<f32>(200, 3.0, 4.0, 0.5, seed).into_parts();
    let y = synth::with_outliers(&y, outliers, 30.0, seed);
    let test = synth::linear::<f32>(200, 3.0, 4.0, 0.5, seed + 1000);
    let adaptive = AdaptiveRobustLoss::new();
    let data = (&x, &y);
    let models = [
        fit(data, steps, vec![], |p, y| loss::mse(p, y))?,
        fit(data, steps, vec![], |p, y| loss::mae(p, y))?,
        fit(data, steps, vec![], |p, y| loss::huber(p, y, 1.0))?,
        fit(data, steps, adaptive.parameters(), |p, y| adaptive.forward(p, y))?,
    ];
    let mut errors = [0.0; 4];
    for (error, model) in errors.iter_mut().zip(&models) {
        *error = metrics::rmse(&model.predict(test.features())?, test.targets())?;
    }
    Ok(Row { outliers, errors, alpha: adaptive.alpha()? })
}

/// The breakdown curve: a row for each fraction of outliers from 0 to 0.4.
pub(crate) fn curve(steps: usize, seed: u64) -> Outcome<Vec<Row>> {
    [0.0, 0.05, 0.1, 0.2, 0.3, 0.4].into_iter().map(|share| at(share, steps, seed)).collect()
}

pub(crate) fn picture(rows: &[Row]) -> String {
    let chart = Chart::new("What outliers do to a line, by the loss that it was fitted with")
        .x_label("outliers, %")
        .y_label("error on clean points that were not trained on, logarithmic")
        .scale(Scale::Log);
    let line = |chart: Chart, (k, name): (usize, &&str)| {
        chart.points(*name, rows.iter().map(|row| (100.0 * row.outliers, row.errors[k])))
    };
    LOSSES.iter().enumerate().fold(chart, line).to_svg()
}

fn main() -> Outcome<()> {
    let seed = std::env::args().nth(1).map_or(Ok(0), |seed| seed.parse())?;
    let rows = curve(2000, seed)?;
    println!("error on clean points that were not trained on; the noise alone is 0.50\n");
    println!("outliers   squared  absolute     Huber  adaptive   its α");
    for Row { outliers, errors: [mse, mae, huber, adaptive], alpha } in &rows {
        let percent = 100.0 * outliers;
        println!("{percent:6.0} %  {mse:8.2}  {mae:8.2}  {huber:8.2}  {adaptive:8.2}  {alpha:6.2}");
    }
    viz::save("target/pictures/robust.svg", &picture(&rows))?;
    println!("\ntarget/pictures/robust.svg");
    Ok(())
}
