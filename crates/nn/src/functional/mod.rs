//! The functions of layers, as functions of vars, for models that hold their own parameters.

mod attention;
mod bags;
mod bilinear;
mod conv;
mod fold;
mod normalize;
mod pool;
mod resize;
mod rotary;

pub(crate) use attention::attend;
pub use attention::{Attention, scaled_dot_product_attention, self_attention};
pub use bags::{Bag, Bags, embedding_bag};
pub use bilinear::bilinear;
pub use conv::{Convolution, conv, conv_transpose};
pub use fold::{fold, unfold};
pub use normalize::{RunningStats, batch_norm, group_norm, instance_norm, layer_norm, rms_norm};
pub(crate) use rotary::angle;
pub use rotary::rotary;

pub use pool::{
    Pool, adaptive_avg_pool, adaptive_max_pool, adaptive_max_pool_at, avg_pool, avg_pool_by,
    avg_pool_of_elements, lp_pool, max_pool, max_pool_at, max_unpool,
};
pub use resize::{
    Interpolation, channel_shuffle, interpolate, interpolate_by, pixel_shuffle, pixel_unshuffle,
};

use std::panic::Location;

use wengert_autograd::{Operand, Result, Var};
use wengert_tensor::error::room_or_refuse;
use wengert_tensor::{Error, Fault, Float, Shape, Tensor, axis_or_refuse, compiled};

/// In training mode, each number made 0 with probability `p`, and the others scaled by 1/(1 - p); else `x` itself.
///
/// # Errors
/// If `p` is not from 0 to 1, or the tape is in training and has no seed to draw with ([`Tape::seeded`](wengert_autograd::Tape::seeded)).
#[track_caller]
pub fn dropout<T: Float>(x: Var<'_, T>, p: f64) -> Result<Var<'_, T>> {
    dropped("dropout", x, &x.shape(), p)
}

/// [`dropout`] of whole channels of `[N, C, …]`, or `[C, …]` of one sample, with `D` more axes.
///
/// # Errors
/// As for [`dropout`], and if `x` has other axes.
#[track_caller]
pub fn channel_dropout<T: Float, const D: usize>(x: Var<'_, T>, p: f64) -> Result<Var<'_, T>> {
    const OP: &str = "channel_dropout";
    let mut shape = x.shape();
    if ![D + 1, D + 2].contains(&shape.len()) {
        return Err(no_image::<D>(OP, &[&shape]).into());
    }
    (shape.len() - D..shape.len()).for_each(|axis| shape.set(axis, 1));
    dropped(OP, x, &shape, p)
}

/// The error of an op on channels with `D` more axes, whose first operand has other axes.
#[track_caller]
fn no_image<const D: usize>(op: &'static str, shapes: &[&[usize]]) -> Error {
    let axes = ["L", "H, W", "D, H, W"].get(D - 1).copied().unwrap_or("…");
    let rule = format!("must be [N, C, {axes}], or [C, {axes}] for one sample");
    let fault = Fault::new(op, shapes, rule);
    let help = format!("rows of numbers become channels by `x.reshape([REST, C, {axes}])`");
    Error::Shape(if shapes[0].len() == 2 && D > 1 { fault.help(help) } else { fault })
}

/// `x` times a mask of this shape, which broadcasts to its own.
#[track_caller]
#[inline(never)]
fn dropped<'t, T: Float>(
    op: &'static str,
    x: Var<'t, T>,
    mask: &[usize],
    p: f64,
) -> Result<Var<'t, T>> {
    if !(0.0..=1.0).contains(&p) {
        let rule = format!("{p} is not a probability: it must be from 0 to 1");
        return Err(Error::Value(Fault::new(op, &[&x.shape()], rule)).into());
    }
    let tape = x.tape();
    if !tape.is_training() || p == 0.0 {
        return Ok(x);
    }
    let kept = tape.with_rng(op, |rng| Tensor::<T>::bernoulli(mask, 1.0 - p, rng))??;
    // All left out: nothing to scale, and no number to scale it by.
    let scale = if p == 1.0 { 0.0 } else { 1.0 / (1.0 - p) };
    x.try_mul(kept.mul_scalar(scale))
}

/// The rows of `weight` `[things, width]` of these indices: `[…]` give `[…, width]`. No gradient arrives at row `padding`.
///
/// # Errors
/// If there is no row of an index, or the weight is no table.
#[track_caller]
pub fn embedding<'t, T: Float>(
    index: impl Operand<'t, T, usize>,
    weight: Var<'t, T>,
    padding: Option<usize>,
) -> Result<Var<'t, T>> {
    let (index, here) = (index.on(weight), Location::caller());
    let (table, places) = (weight.shape(), index.value()?);
    let things = refuse_no_row(&places, &table)?;
    let rows = weight.rows(index)?;
    match padding {
        None => Ok(rows),
        Some(p) if p < things => {
            let others = places.map(|i| i != p).unsqueeze(-1)?;
            rows.where_(&others, rows.detach())
        }
        Some(p) => {
            let rule = format!("the padding is index {p}, and the table has {things} rows");
            let fault = Fault::new("embedding", &[places.shape(), &table], rule);
            Err(Error::Index(fault).at(here).into())
        }
    }
}

/// The number of rows of a table, which must have one for each of these places.
#[track_caller]
fn refuse_no_row(places: &Tensor<usize>, table: &[usize]) -> Result<usize> {
    let here = Location::caller();
    if !places.is_contiguous() {
        room_or_refuse::<usize>("embedding", places.shape())?;
    }
    let fault = |rule: String| Fault::new("embedding", &[places.shape(), table], rule);
    let &[things, width] = table else {
        let rule = "the weight must be [things, width]".to_string();
        return Err(Error::Shape(fault(rule)).at(here).into());
    };
    if let Some((place, i)) = places.iter().enumerate().find(|(_, i)| *i >= things) {
        let at = Shape::index_of(places.shape(), place);
        let rows = match things.checked_sub(1) {
            Some(last) => format!("the table's rows are 0 to {last}"),
            None => "the table has no rows".to_string(),
        };
        let rule = format!("index{at:?} is {i}, and {rows}");
        let needed = i.saturating_add(1);
        let help = format!("an embedding for this index is `Embedding::new({needed}, {width}, …)`");
        return Err(Error::Index(fault(rule).help(help)).at(here).into());
    }
    Ok(things)
}

/// The first half of an axis times the sigmoid of the second.
///
/// # Errors
/// If there is no such axis, or its size is odd.
#[track_caller]
pub fn glu<T: Float>(x: Var<'_, T>, axis: isize) -> Result<Var<'_, T>> {
    let shape = x.shape();
    let i = axis_or_refuse("glu", &shape, axis)?;
    if !shape[i].is_multiple_of(2) {
        let rule = format!("axis {i} has size {}, which has no halves", shape[i]);
        return Err(Error::Shape(Fault::new("glu", &[&shape], rule)).into());
    }
    let half = shape[i] / 2;
    let gate = x.narrow(axis, half, half)?.sigmoid();
    x.narrow(axis, 0, half)?.try_mul(gate)
}

/// x where positive, else weight·x: one weight for all, or one for each place of axis 1.
///
/// # Errors
/// If there are neither one nor as many weights as places.
#[track_caller]
pub fn prelu<'t, T: Float>(x: Var<'t, T>, weight: Var<'t, T>) -> Result<Var<'t, T>> {
    let (shape, sizes) = (x.shape(), weight.shape());
    let channels = shape.get(1).copied().unwrap_or(1);
    if weight.rank() > 1 || (weight.len() != 1 && weight.len() != channels) {
        let rule = format!("there must be one weight, or {channels}, one for each place of axis 1");
        return Err(Error::Shape(Fault::new("prelu", &[&shape, &sizes], rule)).into());
    }
    let weight = match (weight.len(), shape.len()) {
        (1, _) => weight.reshape([0; 0])?,
        (n, rank) => weight.reshape(per_channel(n, rank))?,
    };
    let positive = x.value()?.greater(&Tensor::scalar(T::ZERO))?;
    x.where_(&positive, x.try_mul(weight)?)
}

/// `n` numbers along axis 1 of something of this rank: `[n, 1, …]`, which broadcasts so.
pub(crate) fn per_channel(n: usize, rank: usize) -> Vec<usize> {
    let mut shape = vec![1; rank.saturating_sub(1).max(1)];
    shape[0] = n;
    shape
}

compiled!(f32 f64: { dropped::<T> });
