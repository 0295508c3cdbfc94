//! The units of activations over time: which are always 0, and how many are saturated.

use wengert_autograd::{Line, TapeLine, ops};
use wengert_tensor::Float;
use wengert_tensor::pointwise::UnaryOp;

/// The number of elements of an activation that are looked at, about.
const ELEMENTS: usize = 4096;

/// An activation function with a flat part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flat {
    /// 0 below 0.
    BelowZero,
    /// Flat near -1 and 1.
    Tanh,
    /// Flat near 0 and 1.
    Sigmoid,
}

/// An activation of a model, with its units.
#[derive(Clone, Debug)]
pub(crate) struct Units {
    pub(crate) line: usize,
    pub(crate) layer: String,
    pub(crate) op: &'static str,
    pub(crate) at: Line,
    pub(crate) flat: Flat,
    /// Whether a layer with weights comes after it.
    pub(crate) hidden: bool,
    pub(crate) alive: Vec<bool>,
    pub(crate) samples: usize,
    pub(crate) looks: usize,
    /// The fraction of elements that are saturated: at the first look, and as a running mean.
    pub(crate) first_saturated: f64,
    pub(crate) saturated: f64,
    /// The axis of the units.
    axis: usize,
}

/// The flat part of an op, if it is an activation that has one.
pub(crate) fn flat_of<T: Float>(line: &TapeLine<'_, T>) -> Option<Flat> {
    match line.op().get::<ops::Unary>()?.0 {
        UnaryOp::Relu => Some(Flat::BelowZero),
        UnaryOp::Clamp { min: 0.0, .. } => Some(Flat::BelowZero),
        UnaryOp::Tanh => Some(Flat::Tanh),
        UnaryOp::Sigmoid => Some(Flat::Sigmoid),
        _ => None,
    }
}

impl Units {
    /// Channels stand behind the samples where there are axes of places, else units stand last.
    pub(crate) fn of<T: Float>(
        line: &TapeLine<'_, T>,
        flat: Flat,
        hidden: bool,
        channels_first: bool,
    ) -> Option<Self> {
        let shape = line.shape();
        let axis = if channels_first { 1 } else { shape.len().checked_sub(1)? };
        if shape.len() < 2 + usize::from(channels_first) || shape[axis] == 0 {
            return None;
        }
        Some(Self {
            line: line.index(),
            layer: line.layer(),
            op: line.op().name(),
            at: line.at(),
            flat,
            hidden,
            alive: vec![false; shape[axis]],
            samples: 0,
            looks: 0,
            first_saturated: 0.0,
            saturated: 0.0,
            axis,
        })
    }

    /// Reads the values of a step.
    pub(crate) fn see<T: Float>(&mut self, line: &TapeLine<'_, T>) {
        let (shape, Some(value)) = (line.shape(), line.value()) else { return };
        let (Some(all), units) = (value.as_slice(), self.alive.len()) else { return };
        if shape.get(self.axis) != Some(&units) || all.is_empty() {
            return;
        }
        let block: usize = shape[self.axis + 1..].iter().product();
        let row = units * block;
        let rows = all.len() / row;
        let every = (all.len() / ELEMENTS).clamp(1, rows);
        let (mut flat, mut seen) = (0usize, 0usize);
        // Another row comes first at each look, so that in time all are seen.
        for values in all.chunks_exact(row).skip(self.looks % every).step_by(every) {
            for (unit, places) in values.chunks_exact(block).enumerate() {
                for y in places {
                    let y = y.to_f64();
                    let is_flat = match self.flat {
                        Flat::BelowZero => y == 0.0,
                        Flat::Tanh => y.abs() > 0.97,
                        Flat::Sigmoid => !(0.03..=0.97).contains(&y),
                    };
                    self.alive[unit] |= !is_flat;
                    flat += usize::from(is_flat);
                }
                seen += block;
            }
            self.samples += 1;
        }
        let share = flat as f64 / seen.max(1) as f64;
        if self.looks == 0 {
            (self.first_saturated, self.saturated) = (share, share);
        }
        self.saturated = 0.8 * self.saturated + 0.2 * share;
        self.looks += 1;
        // What is alive is to be said of a window, so that units that die later are seen.
        if self.looks.is_power_of_two() && self.looks > 8 {
            self.alive.iter_mut().for_each(|alive| *alive = false);
            self.samples = 0;
        }
    }

    /// The number of units that were flat for every sample of the window; `None` while too few were seen.
    pub(crate) fn dead(&self) -> Option<usize> {
        let enough = self.samples >= 64 || self.looks >= 8 && self.samples >= 16;
        (self.flat == Flat::BelowZero && enough)
            .then(|| self.alive.iter().filter(|alive| !**alive).count())
    }
}
