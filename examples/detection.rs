//! Is there a shape, which one, and where? One net with two heads: a class for the image, and a box, which counts where
//! there is one.
//!
//! `cargo run --release --example detection`, or with another seed than 0: `-- SEED`
//!
//! Data: images with a disk, a square, a cross or nothing; training and test are drawn from two seeds. The loss is that of
//! Fast R-CNN: cross-entropy of the class, and smooth L1 of the box, over images with a shape alone. Baseline: the mean box
//! of the training images.

#![allow(clippy::print_stdout)]

use std::error::Error;

use metrics::iou;
use wengert::data::synth;
use wengert::loss::{cross_entropy, custom_of, weighted_mean};
use wengert::prelude::*;
use wengert::viz::{self, Picture, image_grid};

type Outcome<T> = Result<T, Box<dyn Error>>;
/// Images, each with a kind and a box.
type Images = TensorDataset<f32>;

const KINDS: [&str; 4] = ["nothing", "disk", "square", "cross"];

/// Gives the logits of the kinds `[n, 4]` and boxes `[n, 4]`: left, top, right, bottom as fractions of the image.
struct Detector {
    trunk: Sequential,
    kind: Linear,
    corners: Linear,
}
nn::parts!(Detector { trunk, kind, corners });

impl Detector {
    fn new(rng: &mut Rng) -> Self {
        let trunk = sequential![
            conv1: Conv2d::new(1, 12, 3, rng).padding(1),
            relu1: Relu,
            pool1: MaxPool2d::new(2),
            conv2: Conv2d::new(12, 24, 3, rng).padding(1),
            relu2: Relu,
            flatten: Flatten::default(),
            hidden: Linear::new(24 * 8 * 8, 64, rng),
            relu3: Relu,
        ];
        Self { trunk, kind: Linear::new(64, 4, rng), corners: Linear::new(64, 4, rng) }
    }
}

impl Module<f32, Tensor, (Tensor, Tensor)> for Detector {
    fn forward<'t>(&self, x: Var<'t>) -> Result<Var<'t, (Tensor, Tensor)>> {
        let h = self.trunk.call(x)?;
        Var::pack((self.kind.call(h)?, self.corners.call(h)?.sigmoid()))
    }
}

/// The kinds, whether there is a shape, and the boxes, of targets `[n, 5]`.
fn parts(targets: &Tensor) -> Result<(Labels, Tensor, Tensor)> {
    let kinds = targets.select(1, 0)?.contiguous();
    let there = kinds.map(|kind| f32::from(kind > 0.0));
    Ok((kinds.map(|kind| kind as usize), there, targets.narrow(1, 1, 4)?.contiguous()))
}

pub(crate) struct Found {
    /// The fraction of images whose kind is right, and that of the commonest kind.
    pub(crate) kinds: f64,
    pub(crate) commonest: f64,
    /// The mean overlap of boxes with the true ones, of images with a shape; and that of the mean box.
    pub(crate) overlap: f64,
    pub(crate) mean_box: f64,
    /// The fraction of boxes that overlap by half at least.
    pub(crate) half: f64,
    pub(crate) picture: String,
}

pub(crate) fn run(images: usize, epochs: usize, seed: u64) -> Outcome<Found> {
    let training = synth::one_box::<f32>(images, 2 * seed);
    let test = synth::one_box::<f32>(images / 4, 2 * seed + 1);
    let model = Detector::new(&mut Rng::new(seed));
    let loader = DataLoader::new(&training, 32)?.shuffle(seed);
    let each = SmoothL1Loss::new().beta(0.1).reduction(Reduction::None);
    let criterion = custom_of(|found: Var<(Tensor, Tensor)>, targets: &Tensor| {
        let ((logits, corners), (kinds, there, boxes)) = (found.unpack(), parts(targets)?);
        let of_box = weighted_mean(each.forward(corners, &boxes)?, &there)?;
        Ok(cross_entropy(logits, &kinds)? + of_box * 10.0)
    });
    let mut optimizer = AdamW::new(model.parameters(), 3e-3);
    Trainer::new(&model, &criterion, &mut optimizer)
        .schedule(schedule::OneCycleLr::new(3e-3, epochs * loader.batches()))
        .silent()
        .fit(&loader, epochs)?;

    // Boxes are compared where there is a shape.
    let with_shape = |targets: &Tensor| -> Outcome<(Labels, Tensor)> {
        let (_, there, boxes) = parts(targets)?;
        let rows = there.equal_scalar(1.0).nonzero().flatten();
        Ok((rows.clone(), boxes.take_rows(&rows)?))
    };
    let (logits, corners) = model.predict(test.features())?;
    let (kinds, _, _) = parts(test.targets())?;
    let (rows, boxes) = with_shape(test.targets())?;
    let overlaps = iou(&corners.take_rows(&rows)?, &boxes)?;
    let mean = with_shape(training.targets())?.1.mean_over(keep(0))?;
    let of_mean = iou(&mean.expand(boxes.shape())?.contiguous(), &boxes)?;
    let commonest = (0..4).map(|kind| kinds.equal_scalar(kind).count()).max().unwrap_or(0);
    let half = overlaps.iter().filter(|o| *o >= 0.5).count() as f64 / overlaps.len() as f64;
    Ok(Found {
        kinds: metrics::accuracy(&logits, &kinds)?,
        commonest: commonest as f64 / kinds.len() as f64,
        overlap: f64::from(overlaps.mean().item()?),
        mean_box: f64::from(of_mean.mean().item()?),
        half,
        picture: picture(&test, &logits, &corners)?,
    })
}

/// The first images of the test: the true box in blue, and the one that is found in orange, unless nothing is found.
fn picture(test: &Images, logits: &Tensor, corners: &Tensor) -> Outcome<String> {
    let (kinds, _, boxes) = parts(test.targets())?;
    let (kinds, said) = (kinds.to_vec(), metrics::predictions(logits)?.to_vec());
    let (boxes, corners) = (boxes * 16.0, corners * 16.0);
    let frame = |of: &Tensor, i| -> Outcome<[f64; 4]> {
        let corners: Vec<f64> = of.select(0, i)?.iter().map(f64::from).collect();
        Ok(corners.try_into().map_err(|_| "a box has four corners")?)
    };
    let mut pictures = Vec::new();
    for i in 0..24.min(test.len()) {
        let (kind, said) = (KINDS[kinds[i]], KINDS[said[i]]);
        let caption = if kind == said { kind.into() } else { format!("{said} for {kind}") };
        let image = test.features().select(0, i)?.select(0, 0)?;
        let picture = Picture::new(image, caption).frame(frame(&boxes, i)?);
        let found = said != KINDS[0];
        pictures.push(if found { picture.frame(frame(&corners, i)?) } else { picture });
    }
    Ok(image_grid("Boxes: blue the true ones, orange those that are found", &pictures, 8)?)
}

fn main() -> Outcome<()> {
    let seed = std::env::args().nth(1).map_or(Ok(0), |seed| seed.parse())?;
    let Found { kinds, commonest, overlap, mean_box, half, picture } = run(4000, 16, seed)?;
    let [kinds, commonest, half] = [kinds, commonest, half].map(|share| 100.0 * share);
    println!("on images that were not trained on   baseline     ours");
    println!("the kind is right                    {commonest:6.1} % {kinds:6.1} %");
    println!("mean overlap of the boxes            {mean_box:8.3} {overlap:8.3}");
    println!("boxes that overlap by half                    {half:6.1} %");
    println!("\nbaselines: the commonest kind, the mean box");
    viz::save("target/pictures/detection.svg", &picture)?;
    println!("target/pictures/detection.svg");
    Ok(())
}
