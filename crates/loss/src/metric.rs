//! Losses that place things: like near like, one ahead of another.

use wengert_autograd::{Operand, Result, Var};
use wengert_tensor::{Error as TensorError, Fault, Float, Tensor, keep};

use crate::Reduction;
use crate::criterion::Loss;
use crate::margin::at_least_0;
use crate::reduce::{checks_numbers, reduce, reducible};
use crate::refuse::{Numbers, alike, amount, margin, option, signs};

/// max(0, margin - y·(a - b)) of two scores: with y = 1 a is to be ahead of b, with -1 behind. Its mean is over all
/// elements. The target is a pair, b and y. PyTorch's `margin_ranking_loss`.
///
/// ```
/// use wengert_autograd::Tape;
/// use wengert_loss::{Loss, MarginRankingLoss};
/// use wengert_tensor::tensor;
///
/// let tape = Tape::new();
/// let (a, b) = (tape.var(tensor![0.5_f64, 2.0]), tape.var(tensor![1.0, 1.0]));
/// let loss = MarginRankingLoss::new().forward(a, (b, &tensor![1.0, 1.0]))?;
/// assert_eq!(loss.item()?, 0.25);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[must_use]
pub struct MarginRankingLoss {
    margin: f64,
    numbers: Numbers,
    reduction: Reduction,
}

impl MarginRankingLoss {
    /// With margin 0.
    pub fn new() -> Self {
        Self::default()
    }
    /// With the lead that is asked for.
    pub fn margin(mut self, margin: f64) -> Self {
        self.margin = margin;
        self
    }
}

/// For two vectors `[N, D]` (or `[D]`) with this cosine: 1 - cos if the target is 1, and max(0, cos - margin) if it is -1.
/// Its mean is over the N pairs. The target is a pair, the other vectors and `[N]` signs. PyTorch's `cosine_embedding_loss`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[must_use]
pub struct CosineEmbeddingLoss {
    margin: f64,
    reduction: Reduction,
}

impl CosineEmbeddingLoss {
    /// With margin 0.
    pub fn new() -> Self {
        Self::default()
    }
    /// With the largest cosine, -1 to 1, at which a dissimilar pair costs nothing.
    pub fn margin(mut self, margin: f64) -> Self {
        self.margin = margin;
        self
    }
}

/// max(0, margin + d(a, p) - d(a, n)) of an anchor a, a similar sample p and a dissimilar sample n, `[N, D]` or `[D]`, where d is
/// the [distance](Var::pairwise_distance). Its mean is over the N triplets. The target is a pair, p and n. PyTorch's
/// `triplet_margin_loss`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct TripletMarginLoss {
    margin: f64,
    p: f64,
    epsilon: f64,
    swap: bool,
    reduction: Reduction,
}

impl Default for TripletMarginLoss {
    fn default() -> Self {
        Self { margin: 1.0, p: 2.0, epsilon: 1e-6, swap: false, reduction: Reduction::Mean }
    }
}

impl TripletMarginLoss {
    /// With margin 1 and Euclid's distance.
    pub fn new() -> Self {
        Self::default()
    }
    /// With the lead that is asked for.
    pub fn margin(mut self, margin: f64) -> Self {
        self.margin = margin;
        self
    }
    /// With the order of the distance's norm; 2 if it is not called.
    pub fn p(mut self, p: f64) -> Self {
        self.p = p;
        self
    }
    /// With what is added to each difference; 1e-6 if it is not called.
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.epsilon = epsilon;
        self
    }
    /// With n's distance taken from a or p, whichever is nearer.
    pub fn swap(mut self) -> Self {
        self.swap = true;
        self
    }
}
reducible!(MarginRankingLoss CosineEmbeddingLoss TripletMarginLoss);
checks_numbers!(MarginRankingLoss);

impl<'t, T: Float, B: Operand<'t, T>, Y: Operand<'t, T>> Loss<'t, T, (B, Y)> for MarginRankingLoss {
    #[track_caller]
    fn forward(&self, a: Var<'t, T>, (b, y): (B, Y)) -> Result<Var<'t, T>> {
        const OP: &str = "margin_ranking";
        let (b, y) = (b.on(a), y.on(a));
        alike(OP, "the first", &a.shape(), "second", &b.shape())?;
        alike(OP, "the first", &a.shape(), "target", &y.shape())?;
        signs(OP, &y.value()?, self.numbers)?;
        margin(OP, self.margin)?;
        let short = a.try_sub(b)?.try_mul(y)?.rsub_scalar(self.margin);
        reduce(OP, at_least_0(short), self.reduction)
    }
}

impl<'t, T: Float, B: Operand<'t, T>, Y: Operand<'t, T>> Loss<'t, T, (B, Y)>
    for CosineEmbeddingLoss
{
    #[track_caller]
    fn forward(&self, a: Var<'t, T>, (b, y): (B, Y)) -> Result<Var<'t, T>> {
        const OP: &str = "cosine_embedding";
        let (b, y) = (b.on(a), y.on(a));
        let shape = a.shape();
        alike(OP, "the first", &shape, "second", &b.shape())?;
        let Some((_, pairs)) = shape.split_last() else {
            let rule = "the vectors are scalars, and must be [pairs, size] or [size]";
            return Err(TensorError::Shape(Fault::new(OP, &[&shape], rule)).into());
        };
        if *y.shape() != *pairs {
            let rule = format!("the targets must be {pairs:?}, one for each pair of vectors");
            return Err(TensorError::Shape(Fault::new(OP, &[&shape, &y.shape()], rule)).into());
        }
        option(OP, (-1.0..=1.0).contains(&self.margin), || {
            format!("the margin is {}, and a cosine lies between -1 and 1", self.margin)
        })?;
        let y = y.value()?;
        signs(OP, &y, Numbers::Checked)?;
        let cosine = unit(a)?.try_mul(unit(b)?)?.sum_over(-1)?;
        let apart = at_least_0(cosine.add_scalar(-self.margin));
        let losses = cosine.rsub_scalar(1.0).where_(y.map(|y| y == T::ONE), apart)?;
        reduce(OP, losses, self.reduction)
    }
}

impl<'t, T: Float, P: Operand<'t, T>, N: Operand<'t, T>> Loss<'t, T, (P, N)> for TripletMarginLoss {
    #[track_caller]
    fn forward(&self, anchor: Var<'t, T>, (positive, negative): (P, N)) -> Result<Var<'t, T>> {
        const OP: &str = "triplet_margin";
        let (positive, negative) = (positive.on(anchor), negative.on(anchor));
        let shape = anchor.shape();
        alike(OP, "anchor", &shape, "positive", &positive.shape())?;
        alike(OP, "anchor", &shape, "negative", &negative.shape())?;
        option(OP, !shape.is_empty(), || {
            "the anchor is a scalar, and must be [triplets, size] or [size]".into()
        })?;
        option(OP, self.margin > 0.0 && self.margin.is_finite(), || {
            format!("the margin is {}, and must be positive and finite", self.margin)
        })?;
        option(OP, amount(self.epsilon), || {
            format!("epsilon is {}, and must be finite and 0 or more", self.epsilon)
        })?;
        option(OP, self.p >= 0.0, || format!("p is {}, and must be 0 or more", self.p))?;
        let distance = |a: Var<'t, T>, b| a.pairwise_distance(b, self.p, self.epsilon, false);
        let (near, far) = (distance(anchor, positive)?, distance(anchor, negative)?);
        let far = if self.swap { far.minimum(distance(positive, negative)?)? } else { far };
        reduce(OP, at_least_0(near.try_sub(far)?.add_scalar(self.margin)), self.reduction)
    }
}

/// x / √(‖x‖² + 10⁻¹²) along the last axis, as PyTorch has it: a zero vector has cosine 0 and a finite slope. No square of a
/// large number overflows.
#[track_caller]
fn unit<T: Float>(x: Var<'_, T>) -> Result<Var<'_, T>> {
    let least = x.tape().constant(Tensor::scalar(T::from_f64(1e-6)));
    x.try_div(x.norm_over(keep(-1), 2.0)?.hypot(least)?)
}

/// The mean of [`MarginRankingLoss`], of margin 0, over all elements.
///
/// # Errors
/// If the shapes differ, a target is not -1 or 1, or there is no element.
#[track_caller]
pub fn margin_ranking<'t, T: Float>(
    a: Var<'t, T>,
    b: impl Operand<'t, T>,
    target: impl Operand<'t, T>,
) -> Result<Var<'t, T>> {
    MarginRankingLoss::new().forward(a, (b, target))
}

/// The mean of [`CosineEmbeddingLoss`], of margin 0, over pairs.
///
/// # Errors
/// If the shapes do not fit, a target is not -1 or 1, or there is no pair.
#[track_caller]
pub fn cosine_embedding<'t, T: Float>(
    a: Var<'t, T>,
    b: impl Operand<'t, T>,
    target: impl Operand<'t, T>,
) -> Result<Var<'t, T>> {
    CosineEmbeddingLoss::new().forward(a, (b, target))
}

/// The mean of [`TripletMarginLoss`], of margin 1, over triplets.
///
/// # Errors
/// If the shapes differ, or there is no triplet.
#[track_caller]
pub fn triplet_margin<'t, T: Float>(
    anchor: Var<'t, T>,
    positive: impl Operand<'t, T>,
    negative: impl Operand<'t, T>,
) -> Result<Var<'t, T>> {
    TripletMarginLoss::new().forward(anchor, (positive, negative))
}
