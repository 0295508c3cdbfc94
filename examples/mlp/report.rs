//! The lines that are printed while it trains, and the files that are written after it.

use std::fs;
use std::path::Path;
use std::time::Instant;

use wengert::nn::{self, Parts};
use wengert::prelude::*;
use wengert::viz::{Chart, Inspect, Picture, Scale, image_grid, tape_svg};

use super::Outcome;
use super::data::Samples;
use super::options::Options;
use super::parts::Criterion;

/// The number of misread pictures that are drawn.
const DRAWN: usize = 40;

/// The scores of the weights on a set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Score {
    pub(crate) loss: f64,
    pub(crate) accuracy: f64,
}

/// The scores after each epoch.
pub(crate) struct History {
    started: Instant,
    epochs: Vec<(Score, Score, f64)>,
}

impl History {
    pub(crate) fn new(started: Instant) -> Self {
        Self { started, epochs: Vec::new() }
    }

    pub(crate) fn add(&mut self, train: Score, test: Score, rate: f64) {
        self.epochs.push((train, test, rate));
    }

    /// The last epoch, as a line.
    pub(crate) fn tell(&self, epochs: usize) {
        let Some((train, test, rate)) = self.epochs.last() else { return };
        println!(
            "{:>5}/{epochs:<5} {:>10} {:>8.2} % {:>12} {:>8.2} % {rate:>13.2e}",
            self.epochs.len(),
            brief(train.loss),
            100.0 * train.accuracy,
            brief(test.loss),
            100.0 * test.accuracy,
        );
    }

    /// The loss of the training samples after the last epoch.
    pub(crate) fn last_loss(&self) -> Option<f64> {
        self.epochs.last().map(|(train, _, _)| train.loss)
    }

    fn chart(&self, title: &str, unit: &str, scale: Scale, what: impl Fn(&Score) -> f64) -> String {
        Chart::new(title)
            .x_label("epoch")
            .y_label(unit)
            .scale(scale)
            .line("train", self.epochs.iter().map(|e| what(&e.0)))
            .line("test", self.epochs.iter().map(|e| what(&e.1)))
            .to_svg()
    }
}

/// A loss in the width of its column, however large.
fn brief(loss: f64) -> String {
    if loss < 1e5 { format!("{loss:.4}") } else { format!("{loss:.2e}") }
}

pub(crate) fn heading() {
    println!("epoch        train loss  accuracy    test loss   accuracy  learning rate");
}

/// Writes the weights and the pictures, and says where they are. Gives the share that is read right.
pub(crate) fn write(
    options: &Options,
    samples: &Samples,
    model: &Sequential,
    criterion: &Criterion,
    history: &History,
) -> Outcome<f64> {
    let seconds = history.started.elapsed().as_secs_f64();
    let scores = model.predict(samples.test.features())?;
    let accuracy = metrics::accuracy(&scores, samples.test.labels())?;
    let right = (accuracy * samples.test.len() as f64).round();
    let of = samples.test.len();
    println!(
        "\n{right} of {of} held-back samples are read right: {:.2} %, after {seconds:.1} s\n",
        100.0 * accuracy
    );

    let out = &options.out;
    fs::create_dir_all(out).map_err(|e| format!("--out {}: {e}", out.display()))?;
    let weights = options.save.clone().unwrap_or_else(|| out.join("weights.safetensors"));
    nn::save(&weights, &model.state())?;
    tell("weights", &weights);
    if history.epochs.len() > 1 {
        let loss =
            history.chart("Loss", "mean of all samples, logarithmic", Scale::Log, |s| s.loss);
        put(out, "loss.svg", "loss", &loss)?;
        let accuracy = history
            .chart("Accuracy", "samples read right, %", Scale::Linear, |s| 100.0 * s.accuracy);
        put(out, "accuracy.svg", "accuracy", &accuracy)?;
    }
    if let Some(picture) = samples.picture {
        let svg = wrong(samples, picture, &scores)?;
        put(out, "wrong.svg", "wrongly read", &svg)?;
    }
    let (inputs, labels) =
        samples.train.slice(0..options.batch.min(samples.train.len()))?.into_parts();
    let tape = Tape::new().seeded(0);
    criterion.forward(model.call(tape.constant(inputs))?, &labels)?;
    put(out, "tape.svg", "the tape", &tape_svg(&tape))?;
    if options.explore {
        let page = out.join("explore.html");
        tape.explore(&page)?;
        tell("the step", &page);
    }
    Ok(accuracy)
}

/// The pictures that were read wrongly, with what they were taken for.
fn wrong(samples: &Samples, [rows, columns]: [usize; 2], scores: &Tensor) -> Outcome<String> {
    let predicted = metrics::predictions(scores)?;
    let mut pictures = Vec::new();
    let labels = samples.test.labels().iter();
    for (row, (label, taken_for)) in labels.zip(predicted.iter()).enumerate() {
        if label != taken_for && pictures.len() < DRAWN {
            let points = samples.test.features().select(0, row)?.reshape([rows, columns])?;
            let (label, taken_for) = (samples.class(label), samples.class(taken_for));
            pictures.push(Picture::new(points, format!("{label} taken for {taken_for}")));
        }
    }
    let title = match pictures.len() {
        0 => "none of the held-back pictures was read wrongly".into(),
        DRAWN => format!("the first {DRAWN} that were read wrongly"),
        n => format!("read wrongly: {n} of {}", samples.test.len()),
    };
    Ok(image_grid(&title, &pictures, 8)?)
}

fn put(directory: &Path, file: &str, what: &str, text: &str) -> Outcome<()> {
    let path = directory.join(file);
    fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))?;
    tell(what, &path);
    Ok(())
}

fn tell(what: &str, path: &Path) {
    println!("{what:<13} {}", path.display());
}

/// An error's text in one line: without the line of this program that met it, which tells a user nothing.
pub(crate) fn one_line(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with("at "));
    lines.collect::<Vec<_>>().join("; ")
}
