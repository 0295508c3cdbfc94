//! Rates that rise and fall, and momentum that falls and rises with them.

use super::Schedule;
use super::cosine::half_wave;
use super::options::{GAMMA, RATE, STEPS, check};
use crate::Result;
use crate::settings::{Bound, POSITIVE, SHARE, UP_TO_ONE};

/// Both of the momenta.
const MOMENTUM: (Bound, &str) = (SHARE, "it is a momentum: `momenta(0.85, 0.95)`");
/// A rise with a fall of the same length after it.
const HALF: Bound =
    Bound { holds: |x| (0.0..=0.5).contains(&x), words: "be between 0 and 0.5, with three phases" };

/// The shape of the change of a rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Anneal {
    /// Along half a cosine wave.
    #[default]
    Cosine,
    /// Along a line.
    Linear,
}

impl Anneal {
    fn between(self, start: f64, end: f64, way: f64) -> f64 {
        match self {
            Self::Cosine => half_wave(start, end, way),
            Self::Linear => start + (end - start) * way,
        }
    }
}

/// One rise and one fall over the whole training: PyTorch's `OneCycleLR`. Momentum, if it is cycled, falls and rises.
///
/// The last step is `steps - 1`; after it the rate stays.
///
/// ```
/// # use wengert_autograd::Param;
/// # use wengert_optim::schedule::{OneCycleLr, Schedule};
/// # use wengert_optim::{Optimizer, Sgd};
/// # use wengert_tensor::tensor;
/// # let mut optimizer = Sgd::new([Param::new(tensor![1.0_f32])], 0.1).momentum(0.9);
/// let schedule = OneCycleLr::new(1.0, 101);
/// for step in 0..101 {
///     optimizer.set_learning_rate(schedule.rate(step));
///     if let Some(momentum) = schedule.momentum(step) {
///         optimizer.set_momentum(momentum)?;
///     }
///     // …
/// }
/// # Ok::<(), wengert_optim::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct OneCycleLr {
    top: f64,
    steps: usize,
    rise: f64,
    anneal: Anneal,
    divisor: f64,
    final_divisor: f64,
    momentum: Option<[f64; 2]>,
    three_phases: bool,
}

/// Ends at a step, having gone from one rate and momentum to another.
struct Phase {
    end: f64,
    rate: [f64; 2],
    momentum: [f64; 2],
}

impl OneCycleLr {
    /// Up to `top` (`max_lr`) and down again in so many steps (`total_steps`).
    pub fn new(top: f64, steps: usize) -> Self {
        Self {
            top,
            steps,
            rise: 0.3,
            anneal: Anneal::Cosine,
            divisor: 25.0,
            final_divisor: 1e4,
            momentum: Some([0.85, 0.95]),
            three_phases: false,
        }
    }

    /// The fraction of the steps that the rise takes: `pct_start`, 0.3 by default.
    #[must_use]
    pub fn rise(self, share: f64) -> Self {
        Self { rise: share, ..self }
    }

    /// The shape of the change: `anneal_strategy`, a cosine by default.
    #[must_use]
    pub fn anneal(self, anneal: Anneal) -> Self {
        Self { anneal, ..self }
    }

    /// It starts from top / `divisor` (`div_factor`, 25 by default), and ends with that / `final_divisor`
    /// (`final_div_factor`, 1e4).
    #[must_use]
    pub fn divisors(self, divisor: f64, final_divisor: f64) -> Self {
        Self { divisor, final_divisor, ..self }
    }

    /// Momentum goes from `high` to `low` and back: `base_momentum` and `max_momentum`, 0.85 and 0.95 by default.
    #[must_use]
    pub fn momenta(self, low: f64, high: f64) -> Self {
        Self { momentum: Some([low, high]), ..self }
    }

    /// Does not change the momentum: `cycle_momentum=False`.
    #[must_use]
    pub fn without_momentum(self) -> Self {
        Self { momentum: None, ..self }
    }

    /// Falls back to the initial rate as fast as it rose, and only then to the end: `three_phase`.
    #[must_use]
    pub fn three_phases(self) -> Self {
        Self { three_phases: true, ..self }
    }

    /// The phase of a step, and the fraction of the phase that is done.
    fn phase(&self, step: usize) -> (Phase, f64) {
        let start = self.top / self.divisor;
        let end = start / self.final_divisor;
        let [low, high] = self.momentum.unwrap_or_default();
        let (rise, last) = (self.rise * self.steps as f64, self.steps as f64 - 1.0);
        let falling = [self.top, if self.three_phases { start } else { end }];
        let phases = [
            Phase { end: rise - 1.0, rate: [start, self.top], momentum: [high, low] },
            Phase { end: 2.0 * rise - 2.0, rate: falling, momentum: [low, high] },
            Phase { end: last, rate: [start, end], momentum: [high, high] },
        ];
        let count = if self.three_phases { 3 } else { 2 };
        // Of no steps there is no last one.
        let step = if last < 0.0 { f64::NAN } else { (step as f64).min(last) };
        let mut from = 0.0;
        for (k, mut phase) in phases.into_iter().take(count).enumerate() {
            if k + 1 == count {
                phase.end = last;
            }
            if step <= phase.end || k + 1 == count {
                // A phase may begin at its end.
                let way = if step == phase.end { 1.0 } else { (step - from) / (phase.end - from) };
                return (phase, way);
            }
            from = phase.end;
        }
        unreachable!("the last phase takes what is left")
    }
}

impl Schedule for OneCycleLr {
    fn rate(&self, step: usize) -> f64 {
        let (Phase { rate: [start, end], .. }, way) = self.phase(step);
        self.anneal.between(start, end, way)
    }

    fn momentum(&self, step: usize) -> Option<f64> {
        self.momentum?;
        let (Phase { momentum: [start, end], .. }, way) = self.phase(step);
        Some(self.anneal.between(start, end, way))
    }
    #[track_caller]
    fn check(&self) -> Result<()> {
        let [low, high] = self.momentum.unwrap_or_default();
        let rise = if self.three_phases {
            (HALF, "the rise, a fall that takes as long, and the rest")
        } else {
            (UP_TO_ONE, "0.3 is the default")
        };
        let options = [
            ("top", self.top, RATE),
            ("steps", self.steps as f64, (STEPS, "epochs times the batches of each")),
            ("rise", self.rise, rise),
            ("divisor", self.divisor, (POSITIVE, "25 is the default")),
            ("final_divisor", self.final_divisor, (POSITIVE, "10000 is the default")),
            ("low", low, MOMENTUM),
            ("high", high, MOMENTUM),
        ];
        check("OneCycleLr", &options)
    }
}

/// Up and down between two rates, again and again: PyTorch's `CyclicLR`. Momentum, if it is cycled, moves in the
/// opposite direction.
///
/// ```
/// # use wengert_optim::schedule::{CyclicLr, Schedule};
/// let schedule = CyclicLr::new(0.25, 0.75, 4).halving();
/// assert_eq!([0, 2, 4, 8, 12].map(|step| schedule.rate(step)), [0.25, 0.5, 0.75, 0.25, 0.5]);
/// ```
#[derive(Clone, Debug)]
pub struct CyclicLr {
    low: f64,
    high: f64,
    up: usize,
    down: usize,
    scale: Scale,
    momentum: Option<[f64; 2]>,
}

/// The height of each cycle.
#[derive(Clone, Copy, Debug)]
enum Scale {
    Even,
    Halving,
    Power(f64),
}

impl CyclicLr {
    /// Between these rates (`base_lr`, `max_lr`), with this number of steps up (`step_size_up`) and as many down. All cycles have
    /// the same height: mode `triangular`.
    pub fn new(low: f64, high: f64, up: usize) -> Self {
        Self { low, high, up, down: up, scale: Scale::Even, momentum: Some([0.8, 0.9]) }
    }

    /// The number of steps down: `step_size_down`. Of 0 steps the rate drops at once.
    #[must_use]
    pub fn down(self, steps: usize) -> Self {
        Self { down: steps, ..self }
    }

    /// Each cycle is half as high as the one before: mode `triangular2`.
    #[must_use]
    pub fn halving(self) -> Self {
        Self { scale: Scale::Halving, ..self }
    }

    /// The height times γ at every step: mode `exp_range`.
    #[must_use]
    pub fn shrinking(self, gamma: f64) -> Self {
        Self { scale: Scale::Power(gamma), ..self }
    }

    /// Momentum goes from `high` to `low` and back: `base_momentum` and `max_momentum`, 0.8 and 0.9 by default.
    #[must_use]
    pub fn momenta(self, low: f64, high: f64) -> Self {
        Self { momentum: Some([low, high]), ..self }
    }

    /// Does not change the momentum: `cycle_momentum=False`.
    #[must_use]
    pub fn without_momentum(self) -> Self {
        Self { momentum: None, ..self }
    }

    /// The height of the cycle at a step, from 0 to 1.
    fn height(&self, step: usize) -> f64 {
        let both = self.up.saturating_add(self.down);
        let Some(cycle) = step.checked_div(both) else { return f64::NAN };
        let since = step % both;
        let height = if since <= self.up {
            since as f64 / self.up as f64
        } else {
            1.0 - (since - self.up) as f64 / self.down as f64
        };
        height
            * match self.scale {
                Scale::Even => 1.0,
                Scale::Halving => 0.5_f64.powf(cycle as f64),
                Scale::Power(gamma) => gamma.powf(step as f64),
            }
    }
}

impl Schedule for CyclicLr {
    fn rate(&self, step: usize) -> f64 {
        self.low + (self.high - self.low) * self.height(step)
    }

    fn momentum(&self, step: usize) -> Option<f64> {
        let [low, high] = self.momentum?;
        Some(high - (high - low) * self.height(step))
    }
    #[track_caller]
    fn check(&self) -> Result<()> {
        let [low, high] = self.momentum.unwrap_or_default();
        let gamma = if let Scale::Power(gamma) = self.scale { gamma } else { 1.0 };
        let options = [
            ("low", self.low, RATE),
            ("high", self.high, RATE),
            ("up", self.up as f64, (STEPS, "the number of steps, or of epochs, of a rise")),
            ("gamma", gamma, GAMMA),
            ("low", low, MOMENTUM),
            ("high", high, MOMENTUM),
        ];
        check("CyclicLr", &options)
    }
}
