//! Normalisation: numbers made to have mean 0 and variance 1 over some axes, then scaled and shifted by weights.

use wengert_autograd::{Result, Var};
use wengert_tensor::{Error, Fault, Float, LONG_CHANNEL};

use super::per_channel;
use running::{by_running, mean_and_variance};

mod running;

pub use running::RunningStats;

/// y·weight + bias, for each that there is.
#[track_caller]
fn affine<'t, T: Float>(
    y: Var<'t, T>,
    weight: Option<Var<'t, T>>,
    bias: Option<Var<'t, T>>,
) -> Result<Var<'t, T>> {
    let y = match weight {
        Some(weight) => y.try_mul(weight)?,
        None => y,
    };
    match bias {
        Some(bias) => y.try_add(bias),
        None => Ok(y),
    }
}

/// [`affine`] with one weight and bias a channel.
#[track_caller]
fn affine_per_channel<'t, T: Float>(
    y: Var<'t, T>,
    weight: Option<Var<'t, T>>,
    bias: Option<Var<'t, T>>,
) -> Result<Var<'t, T>> {
    let shape = per_channel(y.shape()[1], y.rank());
    let along = |v: Option<Var<'t, T>>| v.map(|v| v.reshape(&shape)).transpose();
    affine(y, along(weight)?, along(bias)?)
}

/// Normalised over axes, then scaled and shifted by a weight and a bias seen in a shape that broadcasts. So many places of a channel
/// follow one another.
#[track_caller]
fn normalize<'t, T: Float>(
    x: Var<'t, T>,
    axes: &[isize],
    weight: Option<Var<'t, T>>,
    bias: Option<Var<'t, T>>,
    shape: &[usize],
    places: usize,
    eps: f64,
) -> Result<Var<'t, T>> {
    let seen = |part: Option<Var<'t, T>>| part.map(|part| part.reshape(shape)).transpose();
    let (weight, bias) = (seen(weight)?, seen(bias)?);
    match weight {
        Some(weight) if places >= LONG_CHANNEL => x.affine_normalize(axes, weight, bias, eps),
        _ => affine(x.normalize(axes, eps)?, weight, bias),
    }
}

/// Rejects an option that is not a number from 0 up to the most: of such a one all results would be NaN, or the running statistics
/// no variances.
#[track_caller]
fn check_number(
    op: &'static str,
    shape: &[usize],
    name: &str,
    value: f64,
    most: f64,
) -> Result<()> {
    if (0.0..=most).contains(&value) {
        return Ok(());
    }
    let range = if most < f64::MAX { "from 0 to 1" } else { "finite, and not below 0" };
    let rule = format!("`{name}` is {value}, and must be {range}");
    Err(Error::Value(Fault::new(op, &[shape], rule)).into())
}

/// Rejects weights and biases of any other shape.
#[track_caller]
fn check_affine<T: Float>(
    op: &'static str,
    x: &[usize],
    shape: &[usize],
    parts: [Option<Var<'_, T>>; 2],
) -> Result<()> {
    for part in parts.into_iter().flatten() {
        if part.shape().sizes() != shape {
            let rule = format!("weight and bias must have shape {shape:?}");
            return Err(Error::Shape(Fault::new(op, &[x, &part.shape()], rule)).into());
        }
    }
    Ok(())
}

/// The last axes, which must have these sizes.
#[track_caller]
fn last_axes(op: &'static str, x: &[usize], sizes: &[usize]) -> Result<Vec<isize>> {
    if sizes.is_empty() || !x.ends_with(sizes) {
        let rule = format!("the last axes must have sizes {sizes:?}");
        return Err(Error::Shape(Fault::new(op, &[x], rule)).into());
    }
    Ok((1..=sizes.len() as isize).map(|i| -i).collect())
}

/// Each sample normalised over its last axes, whose sizes are `normalized_shape`, as weight and bias have them.
///
/// # Errors
/// If the last axes have other sizes.
#[track_caller]
pub fn layer_norm<'t, T: Float>(
    x: Var<'t, T>,
    normalized_shape: &[usize],
    weight: Option<Var<'t, T>>,
    bias: Option<Var<'t, T>>,
    eps: f64,
) -> Result<Var<'t, T>> {
    let shape = x.shape();
    let axes = last_axes("layer_norm", &shape, normalized_shape)?;
    check_affine("layer_norm", &shape, normalized_shape, [weight, bias])?;
    check_number("layer_norm", &shape, "eps", eps, f64::MAX)?;
    match weight {
        Some(weight) => x.layer_norm(weight, bias, eps),
        None => affine(x.normalize(axes, eps)?, None, bias),
    }
}

/// Each sample divided by the root of its mean square over its last axes. `None`: the type's own epsilon.
///
/// # Errors
/// If the last axes have other sizes.
#[track_caller]
pub fn rms_norm<'t, T: Float>(
    x: Var<'t, T>,
    normalized_shape: &[usize],
    weight: Option<Var<'t, T>>,
    eps: Option<f64>,
) -> Result<Var<'t, T>> {
    let shape = x.shape();
    let axes = last_axes("rms_norm", &shape, normalized_shape)?;
    check_affine("rms_norm", &shape, normalized_shape, [weight, None])?;
    let eps = eps.unwrap_or(T::EPSILON.to_f64());
    check_number("rms_norm", &shape, "eps", eps, f64::MAX)?;
    match weight {
        Some(weight) => x.rms_norm(weight, eps),
        None => x.rms_normalize(axes, eps),
    }
}

/// `[N, C, …]`, each sample normalised over groups of its channels; weight and bias `[C]`.
///
/// # Errors
/// If the channels do not fall into so many groups.
#[track_caller]
pub fn group_norm<'t, T: Float>(
    x: Var<'t, T>,
    groups: usize,
    weight: Option<Var<'t, T>>,
    bias: Option<Var<'t, T>>,
    eps: f64,
) -> Result<Var<'t, T>> {
    let shape = x.shape();
    let &[samples, channels, ..] = shape.sizes() else {
        let rule = "must be [samples, channels, …]";
        return Err(Error::Shape(Fault::new("group_norm", &[&shape], rule)).into());
    };
    if groups == 0 || !channels.is_multiple_of(groups) {
        let rule = format!("{channels} channels do not fall into {groups} groups");
        return Err(Error::Shape(Fault::new("group_norm", &[&shape], rule)).into());
    }
    check_affine("group_norm", &shape, &[channels], [weight, bias])?;
    check_number("group_norm", &shape, "eps", eps, f64::MAX)?;
    let (size, inner) = (channels / groups, shape[2..].iter().product());
    let apart = x.reshape([samples, groups, size, inner])?;
    normalize(apart, &[2, 3], weight, bias, &[groups, size, 1], inner, eps)?.reshape(&shape)
}

/// `[N, C, …]`, each channel normalised over all samples; weight and bias `[C]`. In training by the batch's own mean and
/// variance, and the running ones, moved by `momentum`, come back; else by the running ones. An empty batch moves nothing.
///
/// # Errors
/// If the shapes do not fit, if there are no running statistics to evaluate by, or, in training, if there is one number a
/// channel, whose variance means nothing.
#[track_caller]
pub fn batch_norm<'t, T: Float>(
    x: Var<'t, T>,
    running: Option<&RunningStats<T>>,
    weight: Option<Var<'t, T>>,
    bias: Option<Var<'t, T>>,
    training: bool,
    momentum: f64,
    eps: f64,
) -> Result<(Var<'t, T>, Option<RunningStats<T>>)> {
    const OP: &str = "batch_norm";
    let shape = x.shape();
    let &[_, channels, ..] = shape.sizes() else {
        let rule = "must be [samples, channels] or [samples, channels, …]";
        return Err(Error::Shape(Fault::new(OP, &[&shape], rule)).into());
    };
    check_affine(OP, &shape, &[channels], [weight, bias])?;
    check_number(OP, &shape, "eps", eps, f64::MAX)?;
    check_number(OP, &shape, "momentum", momentum, 1.0)?;
    if let Some(running) = running {
        running.check(OP, &shape, channels)?;
    }
    if !training {
        let Some(running) = running else {
            let rule = "there are no running statistics to evaluate by";
            return Err(Error::Value(Fault::new(OP, &[&shape], rule)).into());
        };
        let y = by_running(x, running, eps)?;
        return Ok((affine_per_channel(y, weight, bias)?, None));
    }
    if x.is_empty() {
        // An empty batch says nothing about any channel: the running statistics stay as they are.
        return Ok((affine_per_channel(x, weight, bias)?, None));
    }
    if x.len() == channels {
        let rule = "in training there must be more than one number a channel, for a variance";
        let fault = Fault::new(OP, &[&shape], rule);
        return Err(Error::Shape(fault.help(
            "a last batch of one sample? drop it, or evaluate: `Tape::no_grad()`, `.evaluating()`",
        ))
        .into());
    }
    let axes: Vec<isize> = (0..shape.len() as isize).filter(|&i| i != 1).collect();
    let (places, alike) = (shape[2..].iter().product(), per_channel(channels, shape.len()));
    let y = normalize(x, &axes, weight, bias, &alike, places, eps)?;
    let moved = match running {
        Some(running) => {
            let [mean, var] = mean_and_variance(&x.value()?, &axes)?;
            Some(running.moved(&mean, &var, momentum)?)
        }
        None => None,
    };
    Ok((y, moved))
}

/// `[N, C, …]`, each channel of each sample normalised by itself; weight and bias `[C]`. With `by_input` by the sample's
/// own mean and variance, and the running ones, moved by `momentum`, come back; else by the running ones.
///
/// # Errors
/// If the shapes do not fit, if there are no running statistics to go by, or if each channel of a sample is one number.
#[track_caller]
pub fn instance_norm<'t, T: Float>(
    x: Var<'t, T>,
    running: Option<&RunningStats<T>>,
    weight: Option<Var<'t, T>>,
    bias: Option<Var<'t, T>>,
    by_input: bool,
    momentum: f64,
    eps: f64,
) -> Result<(Var<'t, T>, Option<RunningStats<T>>)> {
    const OP: &str = "instance_norm";
    let shape = x.shape();
    let &[samples, channels, _, ..] = shape.sizes() else {
        let rule = "must be [samples, channels, …]";
        return Err(Error::Shape(Fault::new(OP, &[&shape], rule)).into());
    };
    check_affine(OP, &shape, &[channels], [weight, bias])?;
    check_number(OP, &shape, "eps", eps, f64::MAX)?;
    check_number(OP, &shape, "momentum", momentum, 1.0)?;
    if let Some(running) = running {
        running.check(OP, &shape, channels)?;
    }
    if !by_input {
        let Some(running) = running else {
            let rule = "there are no running statistics to go by";
            return Err(Error::Value(Fault::new(OP, &[&shape], rule)).into());
        };
        let y = by_running(x, running, eps)?;
        return Ok((affine_per_channel(y, weight, bias)?, None));
    }
    if x.is_empty() {
        // As in `batch_norm`: the running statistics stay as they are.
        return Ok((affine_per_channel(x, weight, bias)?, None));
    }
    if x.len() == samples * channels {
        let rule = "there must be more than one number a channel of a sample, for a variance";
        return Err(Error::Shape(Fault::new(OP, &[&shape], rule)).into());
    }
    let axes: Vec<isize> = (2..shape.len() as isize).collect();
    let (places, alike) = (shape[2..].iter().product(), per_channel(channels, shape.len()));
    let y = normalize(x, &axes, weight, bias, &alike, places, eps)?;
    let moved = match running {
        Some(running) => {
            // The mean of the samples' own.
            let own = mean_and_variance(&x.value()?, &axes)?;
            let [mean, var] = own.map(|own| own.reshape([samples, channels])?.mean_over(0));
            Some(running.moved(&mean?, &var?, momentum)?)
        }
        None => None,
    };
    Ok((y, moved))
}
