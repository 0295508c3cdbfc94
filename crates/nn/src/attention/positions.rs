//! Layers that tell a transformer where in its sequence a vector stands.

use wengert_autograd::{Param, Result, Var};
use wengert_tensor::{Error, Fault, Float, Rng, Tensor};

use crate::made::made;
use crate::parts::debug_as_described;
use crate::{Module, Parts, Visitor, functional, init};

/// Waves of different lengths, added to vectors: `[…, time, width]`. Nothing is learned.
///
/// Place t gets sin(t·f) and cos(t·f) in turn, with frequencies f from 1 down to 1/10000.
///
/// Of three axes the first is the batch. Attention takes `[time, batch, width]` unless it is made with `batch_first()`: before such
/// a layer write `TimeFirst(SinusoidalPositions)`; otherwise the sequences of the batch would be numbered, and not the
/// places of a sequence. See [`TimeFirst`](crate::TimeFirst).
///
/// ```
/// use wengert_nn::{Module, SinusoidalPositions};
/// use wengert_tensor::{Tensor, tensor};
///
/// let y = SinusoidalPositions.predict(&Tensor::<f64>::zeros([2, 4]))?;
/// let (sin, cos) = (f64::sin, f64::cos);
/// let by_hand = tensor![[0.0, 1.0, 0.0, 1.0], [sin(1.0), cos(1.0), sin(0.01), cos(0.01)]];
/// assert!(y.allclose(&by_hand, 1e-12, 1e-12, false)?);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SinusoidalPositions;

impl<T: Float> Parts<T> for SinusoidalPositions {
    fn visit(&self, _: &mut Visitor<'_, T>) {}
}

impl<T: Float> Module<T> for SinusoidalPositions {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Result<Var<'t, T>> {
        let (time, width) = places("SinusoidalPositions", &x.shape())?;
        let waves = Tensor::try_from_fn([time, width], |at| {
            let angle = functional::angle(at[0], at[1] / 2, width, 10_000.0);
            T::from_f64(if at[1] % 2 == 0 { angle.sin() } else { angle.cos() })
        })?;
        x.try_add(&waves)
    }
}

/// A vector for each place, which is learned and added: `[…, time, width]`, of at most so many steps.
///
/// Of three axes the first is the batch: before attention without `batch_first()` write `TimeFirst(LearnedPositions::new(…))`.
/// See [`TimeFirst`](crate::TimeFirst).
///
/// ```
/// use wengert_nn::{LearnedPositions, Module};
/// use wengert_tensor::{Rng, Tensor};
///
/// let layer = LearnedPositions::<f32>::new(16, 4, &mut Rng::new(0));
/// let y = layer.predict(&Tensor::zeros([2, 3, 4]))?;
/// assert_eq!(y.select(0, 1)?, layer.weight.value().narrow(0, 0, 3)?);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[derive(Clone)]
pub struct LearnedPositions<T> {
    /// `[places, width]`, which starts from a normal distribution, as an [`Embedding`](crate::Embedding).
    pub weight: Param<T>,
}

impl<T: Float> LearnedPositions<T> {
    /// For this number of places, and vectors of this width.
    #[track_caller]
    pub fn new(places: usize, width: usize, rng: &mut Rng) -> Self {
        let weight = init::normal([places, width], 0.0, 1.0, rng);
        Self { weight: Param::new(made("LearnedPositions", weight)) }
    }
}

debug_as_described!(LearnedPositions<T>);

impl<T: Float> Parts<T> for LearnedPositions<T> {
    fn visit(&self, v: &mut Visitor<'_, T>) {
        v.param("weight", &self.weight);
    }
    fn describe(&self) -> Option<String> {
        Some(match self.weight.shape()[..] {
            [places, width] => format!("LearnedPositions({places} x {width})"),
            _ => "LearnedPositions".into(),
        })
    }
}

impl<T: Float> Module<T> for LearnedPositions<T> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Result<Var<'t, T>> {
        const OP: &str = "LearnedPositions";
        let (shape, table) = (x.shape(), self.weight.shape());
        let (time, width) = places(OP, &shape)?;
        if table.len() != 2 || width != table[1] || time > table[0] {
            let rule = "a sequence must be […, time, width], and no longer than the table";
            return Err(Error::Shape(Fault::new(OP, &[&shape, &table], rule)).into());
        }
        let weight = x.tape().param(&self.weight);
        x.try_add(if time == table[0] { weight } else { weight.narrow(0, 0, time)? })
    }
}

/// Queries and keys turned by an angle that grows with their place, so that their products depend on how far they are apart:
/// `[…, time, width]`. Nothing is learned. [`functional::rotary`] has the formula.
///
/// ```
/// use wengert_nn::{Module, RotaryPositions};
/// use wengert_tensor::{Rng, Tensor};
///
/// // One query and one key, at all places.
/// let rng = &mut Rng::new(0);
/// let (q, k) = (Tensor::<f64>::randn([1, 8], rng), Tensor::randn([1, 8], rng));
/// let turned = |x: Tensor<f64>| RotaryPositions::default().predict(&x.expand([5, 8]).unwrap());
/// let scores = turned(q)?.matmul(&turned(k)?.t())?;
/// assert!((scores.get(&[0, 2])? - scores.get(&[2, 4])?).abs() < 1e-12);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RotaryPositions {
    base: f64,
}

impl Default for RotaryPositions {
    /// With base 10000.
    fn default() -> Self {
        Self::new(10_000.0)
    }
}

impl RotaryPositions {
    /// With this base: the slowest pair turns by about 1/base at each step.
    pub fn new(base: f64) -> Self {
        Self { base }
    }
}

impl<T: Float> Parts<T> for RotaryPositions {
    fn visit(&self, _: &mut Visitor<'_, T>) {}
    fn describe(&self) -> Option<String> {
        Some(format!("RotaryPositions({})", self.base))
    }
}

impl<T: Float> Module<T> for RotaryPositions {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Result<Var<'t, T>> {
        functional::rotary(x, self.base)
    }
}

/// The sizes of the last two axes.
#[track_caller]
fn places(op: &'static str, shape: &[usize]) -> Result<(usize, usize)> {
    match shape {
        [.., time, width] => Ok((*time, *width)),
        _ => Err(Error::Shape(Fault::new(op, &[shape], "must be […, time, width]")).into()),
    }
}
