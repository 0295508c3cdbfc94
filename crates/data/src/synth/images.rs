//! Images of 16 by 16 pixels, `[n, 1, 16, 16]`: a rare lesion, several shapes at once, one shape with its box.

use wengert_tensor::{Float, Tensor};

use super::{filled, fits, no_share, refuse};
use crate::TensorDataset;
use crate::rng::{For, Rng};

/// The number of pixels of a side.
const SIDE: usize = 16;

/// A grey picture that is being drawn.
struct Canvas([f64; SIDE * SIDE]);

impl Canvas {
    /// Noise of this deviation.
    fn noise(deviation: f64, rng: &mut Rng) -> Self {
        let mut pixels = [0.0; SIDE * SIDE];
        pixels.iter_mut().for_each(|pixel| *pixel = deviation * rng.normal());
        Self(pixels)
    }

    /// Adds a function of the place: column and row, of the middles of pixels.
    fn add(&mut self, f: impl Fn(f64, f64) -> f64) {
        for (i, pixel) in self.0.iter_mut().enumerate() {
            *pixel += f((i % SIDE) as f64 + 0.5, (i / SIDE) as f64 + 0.5);
        }
    }
}

/// The shapes, in the order of their labels.
#[derive(Clone, Copy)]
enum Shape {
    Disk,
    Square,
    Cross,
    Ring,
}

const SHAPES: [Shape; 4] = [Shape::Disk, Shape::Square, Shape::Cross, Shape::Ring];

impl Shape {
    /// True if a place belongs to the shape. The middle is (0, 0), and the border is at a distance of 1.
    fn covers(self, x: f64, y: f64) -> bool {
        let (square, circle) = (x.abs().max(y.abs()), x.hypot(y));
        match self {
            Self::Disk => circle <= 1.0,
            Self::Square => square <= 1.0,
            Self::Cross => square <= 1.0 && x.abs().min(y.abs()) <= 0.34,
            Self::Ring => (0.55..=1.0).contains(&circle),
        }
    }

    /// Draws it in a box of pixels: left, top, right, bottom.
    fn draw(self, canvas: &mut Canvas, [left, top, right, bottom]: [f64; 4], brightness: f64) {
        let ((x, y), (w, h)) = (
            ((left + right) / 2.0, (top + bottom) / 2.0),
            ((right - left) / 2.0, (bottom - top) / 2.0),
        );
        canvas.add(
            |at_x, at_y| {
                if self.covers((at_x - x) / w, (at_y - y) / h) { brightness } else { 0.0 }
            },
        );
    }
}

/// A box of whole pixels, its sides from `least` to `most`.
fn random_box(least: usize, most: usize, rng: &mut Rng) -> [f64; 4] {
    let [w, h] = [(); 2].map(|()| least + rng.below(most - least + 1));
    let (x, y) = (rng.below(SIDE - w + 1), rng.below(SIDE - h + 1));
    [x, y, x + w, y + h].map(|corner| corner as f64)
}

/// Scans of a tissue, of which a fraction `share` (rounded, and at least one) has a lesion: class 1. The tissue is a
/// texture of waves, brighter on one side, with noise; the lesion is a soft bright spot of 1 to 2 pixels' deviation, from
/// faint to clear. The samples lie in random order.
///
/// ```
/// let scans = wengert_data::synth::lesions::<f32>(200, 0.05, 0);
/// assert_eq!(scans.features().shape(), [200, 1, 16, 16]);
/// assert_eq!(scans.class_counts()[&1], 10);
/// ```
#[track_caller]
pub fn lesions<T: Float>(n: usize, share: f64, seed: u64) -> TensorDataset<T> {
    refuse("lesions", no_share(share));
    fits("lesions", &[n, SIDE * SIDE]);
    let mut rng = Rng::new(For::Synthetic, seed, 0);
    let rare = ((n as f64 * share).round() as usize).clamp(n.min(1), n);
    let mut labels: Vec<usize> = (0..n).map(|i| usize::from(i < rare)).collect();
    rng.shuffle(&mut labels);
    let mut pixels = Vec::with_capacity(n * SIDE * SIDE);
    for &label in &labels {
        let mut scan = Canvas::noise(0.25, &mut rng);
        for _ in 0..3 {
            let [kx, ky] = [(); 2].map(|()| rng.uniform(-1.2, 1.2));
            let (phase, height) = (rng.uniform(0.0, 6.3), rng.uniform(0.1, 0.35));
            scan.add(|x, y| height * (kx * x + ky * y + phase).sin());
        }
        let [slope_x, slope_y] = [(); 2].map(|()| rng.uniform(-0.04, 0.04));
        scan.add(|x, y| slope_x * (x - 8.0) + slope_y * (y - 8.0));
        if label == 1 {
            let [x, y] = [(); 2].map(|()| rng.uniform(3.0, 13.0));
            let (size, height) = (rng.uniform(1.0, 2.0), rng.uniform(0.6, 1.6));
            scan.add(|at_x, at_y| {
                height * (-((at_x - x).powi(2) + (at_y - y).powi(2)) / (2.0 * size * size)).exp()
            });
        }
        pixels.extend(scan.0);
    }
    TensorDataset::of(filled(&[n, 1, SIDE, SIDE], pixels), Tensor::from(labels))
}

/// Overlapping shapes of 6 to 10 pixels, with noise. The targets `[n, 4]` say which are there: a disk in half of the images, a
/// square in 35 of 100, a cross in a quarter, a ring in 15 of 100, each drawn apart from the others.
///
/// ```
/// let data = wengert_data::synth::shapes::<f32>(100, 0);
/// assert_eq!((data.features().shape(), data.targets().shape()), (&[100, 1, 16, 16][..], &[100, 4][..]));
/// ```
#[track_caller]
pub fn shapes<T: Float>(n: usize, seed: u64) -> TensorDataset<T, T> {
    fits("shapes", &[n, SIDE * SIDE]);
    const SHARES: [f64; 4] = [0.5, 0.35, 0.25, 0.15];
    let mut rng = Rng::new(For::Synthetic, seed, 0);
    let (mut pixels, mut there) = (Vec::with_capacity(n * SIDE * SIDE), Vec::with_capacity(4 * n));
    for _ in 0..n {
        let mut image = Canvas::noise(0.2, &mut rng);
        for (shape, share) in SHAPES.into_iter().zip(SHARES) {
            let is_there = rng.unit() < share;
            there.push(f64::from(is_there));
            if is_there {
                let size = 6 + rng.below(5);
                let corners = random_box(size, size, &mut rng);
                shape.draw(&mut image, corners, rng.uniform(0.6, 1.0));
            }
        }
        pixels.extend(image.0);
    }
    TensorDataset::of(filled(&[n, 1, SIDE, SIDE], pixels), filled(&[n, 4], there))
}

/// One shape, or none in a quarter of the images, with noise. The targets `[n, 5]` are a kind (0 nothing, 1 disk, 2 square, 3
/// cross) and a box: left, top, right and bottom as fractions of the image; zeros for nothing.
///
/// ```
/// let data = wengert_data::synth::one_box::<f32>(100, 0);
/// let first = data.targets().select(0, 0)?.to_vec();
/// assert!(first[0] <= 3.0 && first[1] <= first[3] && first[2] <= first[4]);
/// # Ok::<(), wengert_tensor::Error>(())
/// ```
#[track_caller]
pub fn one_box<T: Float>(n: usize, seed: u64) -> TensorDataset<T, T> {
    fits("one_box", &[n, SIDE * SIDE]);
    let mut rng = Rng::new(For::Synthetic, seed, 0);
    let (mut pixels, mut targets) =
        (Vec::with_capacity(n * SIDE * SIDE), Vec::with_capacity(5 * n));
    for _ in 0..n {
        let mut image = Canvas::noise(0.2, &mut rng);
        let kind = rng.below(4);
        targets.push(kind as f64);
        if kind == 0 {
            targets.extend([0.0; 4]);
        } else {
            let corners = random_box(4, 11, &mut rng);
            SHAPES[kind - 1].draw(&mut image, corners, rng.uniform(0.6, 1.0));
            targets.extend(corners.map(|corner| corner / SIDE as f64));
        }
        pixels.extend(image.0);
    }
    TensorDataset::of(filled(&[n, 1, SIDE, SIDE], pixels), filled(&[n, 5], targets))
}
