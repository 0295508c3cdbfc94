//! A small convolutional net on the built-in handwritten digits, next to an MLP on the same images: it misreads fewer.
//!
//! `cargo run --release --example cnn_digits`, or with another seed than 0: `-- SEED`
//!
//! Data: four fifths of the digits for training, one fifth, of all classes alike, for the test; the split, the weights and the
//! order of samples are drawn by the seed. Baseline: the MLP, trained alike.

#![allow(clippy::print_stdout)]

use std::error::Error;

use wengert::prelude::*;
use wengert::viz::{self, Picture, image_grid, mistakes, stacked};

type Outcome<T> = Result<T, Box<dyn Error>>;

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

/// The fractions of the test that are read right, and the filters of the first convolution above the digits that are not.
pub(crate) struct Found {
    pub(crate) cnn: f64,
    pub(crate) mlp: f64,
    pub(crate) picture: String,
}

pub(crate) fn run(epochs: usize, seed: u64) -> Outcome<Found> {
    let (train, test) = wengert::data::digits().stratified_split(0.2, seed)?;
    let loader = DataLoader::new(train, 64)?.shuffle(seed);
    // The scores of all digits of the test.
    let scores = |model: &Sequential| -> Outcome<Tensor> {
        let criterion = CrossEntropyLoss::new();
        let mut optimizer = AdamW::new(model.parameters(), 3e-3);
        Trainer::new(model, &criterion, &mut optimizer)
            .schedule(schedule::OneCycleLr::new(3e-3, epochs * loader.batches()))
            .seed(seed)
            .silent()
            .fit(&loader, epochs)?;
        Ok(model.predict(test.features())?)
    };
    let (cnn, mlp) = (cnn(&mut Rng::new(seed)), mlp(&mut Rng::new(seed)));
    let (by_cnn, by_mlp) = (scores(&cnn)?, scores(&mlp)?);
    let images = test.features().reshape([test.len(), 8, 8])?;
    let wrong = mistakes(&images, test.labels(), &metrics::predictions(&by_cnn)?, &[])?;
    Ok(Found {
        cnn: metrics::accuracy(&by_cnn, test.labels())?,
        mlp: metrics::accuracy(&by_mlp, test.labels())?,
        picture: stacked(&[filters(&cnn)?, wrong]),
    })
}

/// The 3 by 3 weights of the first convolution.
fn filters(cnn: &Sequential) -> Outcome<String> {
    let state = cnn.state();
    let weights = state.get("conv1.weight").ok_or("there is no first convolution")?;
    let filter = |k| Ok(Picture::new(weights.select(0, k)?.select(0, 0)?, format!("{k}")));
    let pictures: Vec<_> = (0..16).map(filter).collect::<Result<_>>()?;
    Ok(image_grid("The filters of the first convolution", &pictures, 8)?)
}

fn main() -> Outcome<()> {
    let seed = std::env::args().nth(1).map_or(Ok(0), |seed| seed.parse())?;
    println!("{}\n", cnn(&mut Rng::new(0)).summary(&Tensor::zeros([1, 64]))?);
    let Found { cnn, mlp, picture } = run(20, seed)?;
    println!(
        "held back, read right: {:.1} % by the convolutions, {:.1} % by the MLP",
        100.0 * cnn,
        100.0 * mlp
    );
    viz::save("target/pictures/cnn_digits.svg", &picture)?;
    println!("target/pictures/cnn_digits.svg");
    Ok(())
}
