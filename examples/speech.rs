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

use metrics::token_error_rate;
use wengert::data::synth::{self, Tones};
use wengert::loss::{ctc_beam, ctc_greedy, weighted_mean};
use wengert::prelude::*;
use wengert::viz::{self, Picture, image_grid};

type Outcome<T> = Result<T, Box<dyn Error>>;
/// The tones that are read, and the right ones.
type Pair = (Vec<usize>, Vec<usize>);

/// The number of bands of a spectrogram, and of classes: five tones, and 0 for the blank.
const BANDS: usize = 12;
const CLASSES: usize = 6;
const NOISE: f64 = 0.45;

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

/// 1 where a frame belongs to its melody, `[n, time]`.
fn within(frames: &Indices, time: usize) -> Tensor {
    let ends = frames.to_vec();
    Tensor::from_fn([ends.len(), time], |at| f32::from(u8::from(at[1] < ends[at[0]])))
}

fn train(data: &Tones<f32>, epochs: usize, seed: u64) -> Outcome<Listener> {
    let &[n, time, _] = data.heard.shape() else { return Err("[n, time, bands] is needed".into()) };
    let model = Listener::new(&mut Rng::new(seed));
    let order = DataLoader::new(Indices::from((0..n).collect::<Vec<_>>()), 32)?.shuffle(seed);
    let schedule = schedule::OneCycleLr::new(1e-2, epochs * order.batches());
    let (mut optimizer, mut step) = (Adam::new(model.parameters(), 1e-2), 0);
    let squares = MseLoss::new().reduction(Reduction::None);
    for rows in (0..epochs).flat_map(|epoch| order.epoch(epoch)) {
        let (heard, clean) = (data.heard.take_rows(&rows)?, data.clean.take_rows(&rows)?);
        let frames = data.frames.take_rows(&rows)?;
        let (labels, lengths) = (data.tones.take_rows(&rows)?, data.lengths.take_rows(&rows)?);
        let tape = Tape::new();
        optimizer.zero_grad();
        let (tones, denoised) = model.call(tape.input(heard))?;
        let target = CtcTarget { labels: &labels, steps: &frames, lengths: &lengths };
        let spelled = CtcLoss::new().forward(tones.transpose(0, 1)?, target)?;
        let painted = weighted_mean(squares.forward(denoised, &clean)?, within(&frames, time))?;
        (spelled + painted).backward()?;
        clip_grad_norm(&model.parameters(), 5.0)?;
        optimizer.set_learning_rate(schedule.rate(step));
        optimizer.step()?;
        step += 1;
    }
    Ok(model)
}

/// The nearest of silence and five tones of loudness 1 for each frame `[time, bands]`, with repetitions read once.
fn nearest(frames: &Tensor) -> Outcome<Vec<usize>> {
    let peak = |off: f32| (-off * off).exp();
    let templates = Tensor::from_fn([CLASSES, BANDS], |at| {
        let off = at[1] as f32 - 1.0 - 1.2 * (at[0] as f32 - 1.0);
        if at[0] == 0 { 0.0 } else { peak(off) + 0.5 * peak(off - 5.0) }
    });
    // |frame - template|², without the frame's own part.
    let squares = templates.square().sum_over(1)?;
    let distances = squares.try_sub(&(frames.matmul(&templates.t())? * 2.0))?;
    let mut read = distances.argmin_over(1)?.to_vec();
    read.dedup();
    read.retain(|class| *class > 0);
    Ok(read)
}

/// Token error rates, and squared errors of frames, on the test.
pub(crate) struct Found {
    pub(crate) nearest: f64,
    pub(crate) greedy: f64,
    pub(crate) beam: f64,
    pub(crate) heard: f64,
    pub(crate) denoised: f64,
    pub(crate) picture: String,
}

pub(crate) fn run(melodies: usize, epochs: usize, seed: u64) -> Outcome<Found> {
    let training = synth::tones::<f32>(melodies, NOISE, 2 * seed);
    let test = synth::tones::<f32>(melodies / 4, NOISE, 2 * seed + 1);
    let model = train(&training, epochs, seed)?;
    let (tones, denoised) = model.predict(&test.heard)?;
    let (frames, lengths) = (test.frames.to_vec(), test.lengths.to_vec());
    let [mut by_frame, mut greedy, mut beam] = [(); 3].map(|()| Vec::new());
    for (i, (&frames, &length)) in frames.iter().zip(&lengths).enumerate() {
        let right = test.tones.select(0, i)?.narrow(0, 0, length)?.to_vec();
        let steps = tones.select(0, i)?.narrow(0, 0, frames)?;
        by_frame.push((nearest(&test.heard.select(0, i)?.narrow(0, 0, frames)?)?, right.clone()));
        greedy.push((ctc_greedy(&steps, 0)?, right.clone()));
        beam.push((ctc_beam(&steps, 0, 8)?.remove(0).0, right));
    }
    let mask = within(&test.frames, test.heard.shape()[1]);
    let squares = |x: &Tensor| -> Outcome<f64> {
        let of_frames = x.try_sub(&test.clean)?.square().mean_over(2)?.try_mul(&mask)?;
        Ok(f64::from(of_frames.sum().item()? / mask.sum().item()?))
    };
    Ok(Found {
        nearest: token_error_rate(&by_frame),
        greedy: token_error_rate(&greedy),
        beam: token_error_rate(&beam),
        heard: squares(&test.heard)?,
        denoised: squares(&denoised)?,
        picture: picture(&test, &denoised, &greedy)?,
    })
}

/// Melodies of the test as they are heard, as the net paints them, and as they were; bands upwards.
fn picture(test: &Tones<f32>, denoised: &Tensor, read: &[Pair]) -> Outcome<String> {
    let mut pictures = Vec::new();
    let frames = test.frames.to_vec();
    for (i, (said, right)) in read.iter().take(4).enumerate() {
        let image = |x: &Tensor| -> Outcome<Tensor> {
            Ok(x.select(0, i)?.narrow(0, 0, frames[i])?.t().flip(0)?.contiguous())
        };
        let digits = |tones: &[usize]| tones.iter().map(usize::to_string).collect::<String>();
        pictures.push(Picture::new(image(&test.heard)?, "heard"));
        pictures.push(Picture::new(image(denoised)?, format!("read {}", digits(said))));
        pictures.push(Picture::new(image(&test.clean)?, format!("was {}", digits(right))));
    }
    Ok(image_grid("Melodies: with noise, as the net paints them, and as they were", &pictures, 6)?)
}

fn main() -> Outcome<()> {
    let seed = std::env::args().nth(1).map_or(Ok(0), |seed| seed.parse())?;
    let found = run(1500, 16, seed)?;
    println!("token error rate on the test");
    for (name, rate) in [
        ("nearest tone of each frame", found.nearest),
        ("CTC, greedy", found.greedy),
        ("CTC, beam of 8", found.beam),
    ] {
        println!("  {name:<27} {:6.1} %", 100.0 * rate);
    }
    println!("squared error of the spectrogram's frames");
    println!("  as heard {:26.4}\n  as the net paints it {:14.4}", found.heard, found.denoised);
    viz::save("target/pictures/speech.svg", &found.picture)?;
    println!("\ntarget/pictures/speech.svg");
    Ok(())
}
