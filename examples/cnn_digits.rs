//! A small convolutional net on the built-in handwritten digits, next to an MLP on the same images: it misreads fewer.

#![allow(clippy::print_stdout)]

use std::error::Error;

use wengert::prelude::*;

/// The fraction of the images held back that a net reads right.
type Score = Result<f64, Box<dyn Error>>;

/// Two convolutions see strokes and their crossings, wherever they are; pooling halves the image; one linear layer decides.
fn cnn(rng: &mut Rng) -> Sequential {
    sequential![
        images: func(|x: Var<'_>| x.reshape([REST, 1, 8, 8])),
        conv1: Conv2d::new(1, 16, 3, rng).padding(1),
        relu1: Relu,
        conv2: Conv2d::new(16, 32, 3, rng).padding(1),
        norm: BatchNorm2d::new(32),
        relu2: Relu,
        pool: MaxPool2d::new(2),
        flatten: Flatten::default(),
        drop: Dropout::new(0.3),
        head: Linear::new(32 * 4 * 4, 10, rng),
    ]
}

/// As many weights, which know nothing of neighbours.
fn mlp(rng: &mut Rng) -> Sequential {
    sequential![
        hidden: Linear::new(64, 128, rng),
        relu: Relu,
        drop: Dropout::new(0.3),
        head: Linear::new(128, 10, rng),
    ]
}

/// Trains a net on four fifths of the digits, and reads the others.
pub(crate) fn score(model: &Sequential, epochs: usize) -> Score {
    let (train, held_back) = wengert::data::digits().stratified_split(0.2, 0)?;
    let train_loader = DataLoader::new(train, 64)?.shuffle(0);
    let criterion = CrossEntropyLoss::new();
    let mut optimizer = AdamW::new(model.parameters(), 3e-3);
    let steps = epochs * train_loader.batches();

    let mut trainer = Trainer::new(model, &criterion, &mut optimizer)
        .schedule(schedule::OneCycleLr::new(3e-3, steps))
        .seed(0)
        .silent();
    trainer.fit(&train_loader, epochs)?;
    Ok(metrics::accuracy(&model.predict(held_back.features())?, held_back.labels())?)
}

/// The scores of both, trained alike.
pub(crate) fn compare(epochs: usize) -> Result<(f64, f64), Box<dyn Error>> {
    Ok((score(&cnn(&mut Rng::new(0)), epochs)?, score(&mlp(&mut Rng::new(0)), epochs)?))
}

fn main() -> Result<(), Box<dyn Error>> {
    let rng = &mut Rng::new(0);
    println!("{}\n", cnn(rng).summary(&Tensor::zeros([1, 64]))?);
    let (cnn, mlp) = compare(20)?;
    println!(
        "held back, read right: {:.1} % by the convolutions, {:.1} % by the MLP",
        100.0 * cnn,
        100.0 * mlp
    );
    Ok(())
}
