//! Which shapes are in an image? Several at once: a yes or no for each, and a threshold for each.
//!
//! `cargo run --release --example multi_label`, or with another seed than 0: `-- SEED`
//!
//! Data: overlapping disks, squares, crosses and rings, of which the last are rare; images for training, for choosing the
//! thresholds and for the test are drawn from three seeds. Baselines: the answer that needs no image (each label as often
//! as it pays), and a linear model of the pixels.

#![allow(clippy::print_stdout)]

use std::error::Error;

use metrics::Average::{Macro, Micro};
use wengert::data::synth;
use wengert::prelude::*;
use wengert::viz::{self, Picture, image_grid};

type Outcome<T> = Result<T, Box<dyn Error>>;

const NAMES: [&str; 4] = ["disk", "square", "cross", "ring"];
const SIGNS: [&str; 4] = ["●", "■", "✚", "○"];

/// Micro and macro F1 on the test.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Score {
    pub(crate) micro: f64,
    pub(crate) each: f64,
}

pub(crate) struct Found {
    pub(crate) blind: Score,
    pub(crate) linear: Score,
    pub(crate) cnn: Score,
    /// The net with 0 as the threshold of each logit.
    pub(crate) at_zero: Score,
    /// The thresholds of the logits, chosen on the validation images.
    pub(crate) thresholds: Vec<f32>,
    pub(crate) picture: String,
}

/// Images, and 1 or 0 for each label.
type Images = TensorDataset<f32>;

fn cnn(rng: &mut Rng) -> Sequential {
    sequential![
        conv1: Conv2d::new(1, 12, 3, rng).padding(1),
        relu1: Relu,
        pool1: MaxPool2d::new(2),
        conv2: Conv2d::new(12, 24, 3, rng).padding(1),
        relu2: Relu,
        pool2: MaxPool2d::new(2),
        flatten: Flatten::default(),
        hidden: Linear::new(24 * 4 * 4, 64, rng),
        relu3: Relu,
        head: Linear::new(64, 4, rng),
    ]
}

fn train(model: &Sequential, images: &Images, epochs: usize, seed: u64) -> Outcome<()> {
    let loader = DataLoader::new(images, 32)?.shuffle(seed);
    let criterion = MultilabelCrossEntropyLoss::new();
    let mut optimizer = Adam::new(model.parameters(), 3e-3);
    let steps = epochs * loader.batches();
    Trainer::new(model, &criterion, &mut optimizer)
        .schedule(schedule::OneCycleLr::new(3e-3, steps))
        .silent()
        .fit(&loader, epochs)?;
    Ok(())
}

/// F1 of scores above thresholds, one for each label.
fn score(scores: &Tensor, thresholds: &Tensor, truth: &Tensor) -> Outcome<Score> {
    let above = scores.try_sub(thresholds)?;
    let f1 = |average| metrics::multilabel_f1(&above, truth, 0.0, average);
    Ok(Score { micro: f1(Micro)?, each: f1(Macro)? })
}

pub(crate) fn run(images: usize, epochs: usize, seed: u64) -> Outcome<Found> {
    let part = |n, k| synth::shapes::<f32>(n, 3 * seed + k);
    let (training, validation, test) = (part(images, 0), part(images / 4, 1), part(images / 4, 2));
    let rng = &mut Rng::new(seed);
    let (cnn, linear) = (cnn(rng), sequential![Flatten::default(), Linear::new(256, 4, rng)]);
    // With thresholds from the validation images, on the test.
    let judge = |model: &Sequential| -> Outcome<(Score, Tensor)> {
        train(model, &training, epochs, seed)?;
        let seen = model.predict(validation.features())?;
        let thresholds = metrics::best_thresholds(&seen, validation.targets())?;
        let scores = model.predict(test.features())?;
        Ok((score(&scores, &thresholds, test.targets())?, thresholds))
    };
    let ((linear, _), (of_cnn, thresholds)) = (judge(&linear)?, judge(&cnn)?);
    let scores = cnn.predict(test.features())?;
    // F1 of a label that is always said is best: yes to all.
    let zeros = Tensor::zeros([4]);
    let blind = score(&scores.ones_like(), &zeros, test.targets())?;
    let at_zero = score(&scores, &zeros, test.targets())?;
    let picture = picture(&test, &scores.try_sub(&thresholds)?)?;
    let thresholds = thresholds.to_vec();
    Ok(Found { blind, linear, cnn: of_cnn, at_zero, thresholds, picture })
}

/// The first test images, with what is said of them and what is not right in it.
fn picture(test: &Images, above: &Tensor) -> Outcome<String> {
    let mut pictures = Vec::new();
    for i in 0..24.min(test.len()) {
        let (scores, truth) = (above.select(0, i)?.to_vec(), test.targets().select(0, i)?.to_vec());
        let word = |k: usize| match (scores[k] >= 0.0, truth[k] == 1.0) {
            (true, true) => SIGNS[k].to_string(),
            (true, false) => format!("{}?!", SIGNS[k]),
            (false, true) => format!("({})", SIGNS[k]),
            (false, false) => String::new(),
        };
        let words: Vec<String> = (0..4).map(word).filter(|word| !word.is_empty()).collect();
        let image = test.features().select(0, i)?.select(0, 0)?;
        pictures.push(Picture::new(image, words.join(" ")));
    }
    Ok(image_grid("Shapes ● ■ ✚ ○ that are found, (missed), and wrong?!", &pictures, 6)?)
}

fn main() -> Outcome<()> {
    let seed = std::env::args().nth(1).map_or(Ok(0), |seed| seed.parse())?;
    let found = run(4000, 12, seed)?;
    println!("F1 on images of the test       micro   macro");
    for (name, score) in [
        ("yes to all", found.blind),
        ("linear in the pixels", found.linear),
        ("CNN, all thresholds ½", found.at_zero),
        ("CNN, a threshold each", found.cnn),
    ] {
        println!("{name:<28} {:7.3} {:7.3}", score.micro, score.each);
    }
    println!("\nthresholds, as probabilities:");
    for (name, threshold) in NAMES.iter().zip(&found.thresholds) {
        println!("{name:<8} {:.2}", 1.0 / (1.0 + (-threshold).exp()));
    }
    viz::save("target/pictures/multi_label.svg", &found.picture)?;
    println!("\ntarget/pictures/multi_label.svg");
    Ok(())
}
