//! Which tones does a melody consist of, if nobody says when each begins? A loss that counts all ways to place them, and
//! two ways to read them off; and beside it the spectrogram without its noise, by squared error over the frames that count.
//!
//! `cargo run --release --example speech`, or with another seed than 0: `-- SEED`
//!
//! Data: noisy spectrograms of three to six tones of five, of different speed and loudness; training and test are drawn
//! from two seeds. Baselines: the nearest tone or silence of each frame, with repetitions read once; and the spectrogram as
//! it is heard.

#![allow(clippy::print_stdout)]

use std::error::Error;

use wengert::data::synth::{self, Tones};
use wengert::loss::{ctc_beam, ctc_greedy, weighted_mean};
use wengert::prelude::*;
use wengert::viz::{self, Picture, image_grid};

type Outcome<T> = Result<T, Box<dyn Error>>;
/// Clean frames, which of them count, and tones with the numbers of frames and of tones.
type Right = (Tensor, Tensor, (Indices, Indices, Indices));
/// The tones of melodies as they are read, and the right ones.
type Pairs = [(Vec<usize>, Vec<usize>)];

/// The number of bands of a spectrogram, and of classes: five tones, and 0 for the blank.
const BANDS: usize = 12;
const CLASSES: usize = 6;
const NOISE: f64 = 0.45;
const READERS: [&str; 3] = ["nearest tone of each frame", "CTC, greedy", "CTC, beam of 8"];

/// Windows of three frames, read in both directions; a head for tones, and one for the clean frame.
struct Listener {
    windows: Conv1d,
    gru: Gru,
    tones: Linear,
    frames: Linear,
}
nn::parts!(Listener { windows, gru, tones, frames });

impl Listener {
    fn new(rng: &mut Rng) -> Self {
        Self {
            windows: Conv1d::new(BANDS, 32, 3, rng).padding(1),
            gru: Gru::new(32, 24, rng).bidirectional(rng).batch_first(),
            tones: Linear::new(48, CLASSES, rng),
            frames: Linear::new(48, BANDS, rng),
        }
    }
}

/// Spectrograms `[n, time, bands]` give log-probabilities `[n, time, classes]` and clean frames.
impl Module<f32, Tensor, (Tensor, Tensor)> for Listener {
    fn forward<'t>(&self, heard: Var<'t>) -> Result<Var<'t, (Tensor, Tensor)>> {
        let x = self.windows.call(heard.transpose(1, 2)?)?.relu().transpose(1, 2)?;
        let (h, _) = self.gru.call(x)?;
        Var::pack((self.tones.call(h)?.log_softmax(2)?, self.frames.call(h)?))
    }
}

fn train(data: &Tones<f32>, epochs: usize, seed: u64) -> Outcome<Listener> {
    let model = Listener::new(&mut Rng::new(seed));
    let loader = DataLoader::new(data, 32)?.shuffle(seed);
    let squares = MseLoss::new().reduction(Reduction::None);
    let mut optimizer = Adam::new(model.parameters(), 1e-2);
    Trainer::custom(&model, &mut optimizer, |tape, heard: Tensor, right: &Right| {
        let (clean, counted, (labels, steps, lengths)) = right;
        let (tones, denoised) = model.call(tape.input(heard))?;
        let target = CtcTarget { labels, steps, lengths };
        let spelled = CtcLoss::new().forward(tones.transpose(0, 1)?, target)?;
        let painted = weighted_mean(squares.forward(denoised, clean)?, counted)?;
        Ok((tones, spelled + painted))
    })
    .schedule(schedule::OneCycleLr::new(1e-2, epochs * loader.batches()))
    .clip_norm(5.0)
    .silent()
    .fit(&loader, epochs)?;
    Ok(model)
}

/// The nearest of silence and five tones of loudness 1 for each frame `[time, bands]`, with repetitions read once.
fn nearest(frames: &Tensor) -> Outcome<Vec<usize>> {
    let clean = synth::clean_tones::<f32>();
    // |frame - clean|², without the frame's own part.
    let squares = clean.square().sum_over(1)?;
    let distances = squares.try_sub(&(frames.matmul(&clean.t())? * 2.0))?;
    let mut read = distances.argmin_over(1)?.to_vec();
    read.dedup();
    read.retain(|class| *class > 0);
    Ok(read)
}

/// On the test.
pub(crate) struct Found {
    /// The token error rates of [`READERS`].
    pub(crate) rates: [f64; 3],
    /// The squared errors of frames as they are heard, and as the net paints them.
    pub(crate) errors: [f64; 2],
    pub(crate) picture: String,
}

pub(crate) fn run(melodies: usize, epochs: usize, seed: u64) -> Outcome<Found> {
    let training = synth::tones::<f32>(melodies, NOISE, 2 * seed);
    let test = synth::tones::<f32>(melodies / 4, NOISE, 2 * seed + 1);
    let (tones, denoised) = train(&training, epochs, seed)?.predict(&test.heard)?;
    let mut read = [(); 3].map(|()| Vec::new());
    for (i, (frames, length)) in test.frames.iter().zip(test.lengths.iter()).enumerate() {
        let heard = test.heard.select(0, i)?.narrow(0, 0, frames)?;
        let steps = tones.select(0, i)?.narrow(0, 0, frames)?;
        let right = test.tones.select(0, i)?.narrow(0, 0, length)?.to_vec();
        let beam = ctc_beam(&steps, 0, 8)?.remove(0).0;
        for (pairs, said) in read.iter_mut().zip([nearest(&heard)?, ctc_greedy(&steps, 0)?, beam]) {
            pairs.push((said, right.clone()));
        }
    }
    let rates = read.each_ref().map(|pairs| metrics::token_error_rate(pairs));
    let squares = |x: &Tensor| -> Outcome<f64> {
        let of_frames = x.try_sub(&test.clean)?.square().mean_over(2)?.try_mul(&test.counted)?;
        Ok(f64::from(of_frames.sum().item()? / test.counted.sum().item()?))
    };
    let errors = [squares(&test.heard)?, squares(&denoised)?];
    Ok(Found { rates, errors, picture: picture(&test, &denoised, &read[1])? })
}

/// Melodies of the test as they are heard, as the net paints them, and as they were; bands upwards.
fn picture(test: &Tones<f32>, denoised: &Tensor, read: &Pairs) -> Outcome<String> {
    let mut pictures = Vec::new();
    for (i, (said, right)) in read.iter().take(4).enumerate() {
        let frames = test.frames.select(0, i)?.item()?;
        let image = |x: &Tensor| x.select(0, i)?.narrow(0, 0, frames)?.t().flip(0);
        let digits = |tones: &[usize]| tones.iter().map(usize::to_string).collect::<String>();
        pictures.push(Picture::new(image(&test.heard)?, "heard"));
        pictures.push(Picture::new(image(denoised)?, format!("read {}", digits(said))));
        pictures.push(Picture::new(image(&test.clean)?, format!("was {}", digits(right))));
    }
    Ok(image_grid("Melodies: with noise, as the net paints them, and as they were", &pictures, 6)?)
}

fn main() -> Outcome<()> {
    let seed = std::env::args().nth(1).map_or(Ok(0), |seed| seed.parse())?;
    let Found { rates, errors: [heard, painted], picture } = run(1500, 16, seed)?;
    println!("token error rate on the test");
    for (name, rate) in READERS.iter().zip(rates) {
        println!("  {name:<27} {:6.1} %", 100.0 * rate);
    }
    println!("squared error of the spectrogram's frames");
    println!("  as heard {heard:26.4}\n  as the net paints it {painted:14.4}");
    viz::save("target/pictures/speech.svg", &picture)?;
    println!("\ntarget/pictures/speech.svg");
    Ok(())
}
