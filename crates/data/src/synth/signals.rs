//! Signals of instruments: a machine that runs, and the spectrogram of a melody.

use std::f64::consts::PI;

use wengert_tensor::{Float, Tensor};

use super::{filled, fits, no_deviation, no_share, refuse};
use crate::rng::{For, Rng};
use crate::{Dataset, Result, TensorDataset};

/// Windows of 64 samples of a machine's vibration, `[n, 64]`, of which a fraction `share` (rounded) has a fault: class 1. A
/// healthy machine gives a tone of about four periods in a window, its overtone, and noise. A faulty one loses its rhythm in the
/// middle, or knocks: three short pulses. The samples lie in random order.
///
/// ```
/// let data = wengert_data::synth::machine::<f32>(100, 0.1, 0);
/// assert_eq!((data.features().shape(), data.class_counts()[&1]), (&[100, 64][..], 10));
/// ```
#[track_caller]
pub fn machine<T: Float>(n: usize, share: f64, seed: u64) -> TensorDataset<T> {
    const WIDTH: usize = 64;
    refuse("machine", no_share(share));
    fits("machine", &[n, WIDTH]);
    let mut rng = Rng::new(For::Synthetic, seed, 0);
    let faulty = ((n as f64 * share).round() as usize).min(n);
    let mut labels: Vec<usize> = (0..n).map(|i| usize::from(i < faulty)).collect();
    rng.shuffle(&mut labels);
    let mut samples = Vec::with_capacity(n * WIDTH);
    for &label in &labels {
        let speed = 2.0 * PI * rng.uniform(3.9, 4.1) / WIDTH as f64;
        let (phase, height) = (rng.uniform(0.0, 2.0 * PI), rng.uniform(0.8, 1.2));
        let knocks = label == 1 && rng.unit() < 0.5;
        let slip = if label == 1 && !knocks { rng.uniform(0.4, 1.6) } else { 0.0 };
        let first = rng.below(20);
        let apart = 12 + rng.below(8);
        for t in 0..WIDTH {
            let late = if t >= WIDTH / 2 { slip } else { 0.0 };
            let angle = speed * t as f64 + phase + late;
            let knock = match t.checked_sub(first).map(|t| (t / apart, t % apart)) {
                Some((0..3, since)) if knocks => 0.7 * (-0.7 * since as f64).exp(),
                _ => 0.0,
            };
            let tone = angle.sin() + 0.4 * (2.0 * angle).sin();
            samples.push(height * tone + knock + 0.1 * rng.normal());
        }
    }
    TensorDataset::of(filled(&[n, WIDTH], samples), Tensor::from(labels))
}

/// Melodies as spectrograms, with the tones that they consist of.
#[derive(Clone)]
#[non_exhaustive]
pub struct Tones<T> {
    /// The spectrograms, `[n, time, 12]`, with noise; zeros behind the end of a melody.
    pub heard: Tensor<T>,
    /// The same without noise.
    pub clean: Tensor<T>,
    /// 1 for a frame of a melody, 0 behind its end: `[n, time]`.
    pub counted: Tensor<T>,
    /// The number of frames of each, `[n]`.
    pub frames: Tensor<usize>,
    /// The tones, 1 to 5, `[n, 6]`; 0 behind the last one.
    pub tones: Tensor<usize>,
    /// The number of tones of each, `[n]`.
    pub lengths: Tensor<usize>,
}

impl<T> std::fmt::Debug for Tones<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tones of shape {:?}", self.heard.shape())
    }
}

/// The number of bands of a spectrogram.
const BANDS: usize = 12;

impl<T: Float> Dataset for Tones<T> {
    /// The spectrogram; then the clean one, the frames that count, and the tones with the numbers of frames and of tones.
    type Batch = (Tensor<T>, (Tensor<T>, Tensor<T>, (Tensor<usize>, Tensor<usize>, Tensor<usize>)));

    fn len(&self) -> usize {
        self.frames.len()
    }

    #[track_caller]
    fn batch(&self, rows: &[usize]) -> Result<Self::Batch> {
        let numbers =
            (self.tones.batch(rows)?, self.frames.batch(rows)?, self.lengths.batch(rows)?);
        Ok((self.heard.batch(rows)?, (self.clean.batch(rows)?, self.counted.batch(rows)?, numbers)))
    }
}

/// A band of a clean tone of loudness 1: a peak at its pitch, and a lower one at its overtone.
fn of_band(band: usize, tone: usize) -> f64 {
    let peak = |at: f64| (-(band as f64 - at).powi(2)).exp();
    let pitch = 1.0 + 1.2 * (tone as f64 - 1.0);
    if tone == 0 { 0.0 } else { peak(pitch) + 0.5 * peak(pitch + 5.0) }
}

/// The frames that [`tones`] are made of, `[6, 12]`: silence, and each tone at loudness 1.
///
/// ```
/// let frames = wengert_data::synth::clean_tones::<f32>();
/// assert_eq!((frames.shape(), frames.select(0, 0)?.sum().item()?), (&[6, 12][..], 0.0));
/// # Ok::<(), wengert_tensor::Error>(())
/// ```
pub fn clean_tones<T: Float>() -> Tensor<T> {
    Tensor::from_fn([6, BANDS], |at| T::from_f64(of_band(at[1], at[0])))
}

/// Melodies of 3 to 6 tones out of five, each 2 to 5 frames long, most followed by a frame or two of silence; equal tones
/// next to each other always. A tone is a peak at its pitch and a lower one at its overtone. Noise of this deviation is
/// added to each of the 12 bands of a frame; the longest possible melody has 42 frames.
///
/// ```
/// let melodies = wengert_data::synth::tones::<f32>(10, 0.3, 0);
/// assert_eq!(melodies.heard.shape(), [10, 42, 12]);
/// assert_eq!(melodies.tones.shape(), [10, 6]);
/// ```
#[track_caller]
pub fn tones<T: Float>(n: usize, noise: f64, seed: u64) -> Tones<T> {
    const MOST: usize = 6;
    const TIME: usize = MOST * 7;
    refuse("tones", no_deviation("noise", noise));
    fits("tones", &[n, TIME, BANDS]);
    let mut rng = Rng::new(For::Synthetic, seed, 0);
    let (mut heard, mut clean) = (vec![0.0; n * TIME * BANDS], vec![0.0; n * TIME * BANDS]);
    let (mut frames, mut lengths, mut all) = (Vec::new(), Vec::new(), vec![0; n * MOST]);
    for melody in 0..n {
        let count = 3 + rng.below(MOST - 2);
        let said = &mut all[melody * MOST..][..count];
        said.iter_mut().for_each(|tone| *tone = 1 + rng.below(5));
        let mut time = 0;
        for (i, &tone) in said.iter().enumerate() {
            let loudness = rng.uniform(0.6, 1.4);
            for _ in 0..2 + rng.below(4) {
                let frame = &mut clean[(melody * TIME + time) * BANDS..][..BANDS];
                for (band, value) in frame.iter_mut().enumerate() {
                    *value = loudness * of_band(band, tone);
                }
                time += 1;
            }
            let same = said.get(i + 1) == Some(&tone);
            time += rng.below(3).max(usize::from(same));
        }
        for place in melody * TIME * BANDS..(melody * TIME + time) * BANDS {
            heard[place] = clean[place] + noise * rng.normal();
        }
        frames.push(time);
        lengths.push(count);
    }
    let shape = [n, TIME, BANDS];
    let mut tones = Tensor::full([n, MOST], 0);
    tones.as_mut_slice().copy_from_slice(&all);
    let (heard, clean) = (filled(&shape, heard), filled(&shape, clean));
    let counted =
        Tensor::from_fn([n, TIME], |at| T::from_f64(f64::from(u8::from(at[1] < frames[at[0]]))));
    let (frames, lengths) = (Tensor::from(frames), Tensor::from(lengths));
    Tones { heard, clean, counted, frames, tones, lengths }
}
