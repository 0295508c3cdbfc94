//! Initial values of parameters: constants, uniform and normal numbers, and the rules that preserve the variance of signals
//! from layer to layer. Each function draws from the given generator and returns a tensor.
//!
//! ```
//! use wengert_nn::init::{self, Fan, Nonlinearity};
//! use wengert_nn::Linear;
//! use wengert_tensor::Rng;
//!
//! let rng = &mut Rng::new(0);
//! let layer = Linear::<f32>::new(256, 128, rng);
//! layer.weight.set(init::kaiming_normal(layer.weight.shape(), Fan::In, Nonlinearity::Relu, rng)?);
//! # Ok::<(), wengert_tensor::Error>(())
//! ```

use wengert_tensor::{Error, Fault, Float, Result, Rng, Tensor};

/// Zeros.
///
/// # Errors
/// If the shape has more elements than memory can address, as for all of these.
#[track_caller]
pub fn zeros<T: Float>(shape: impl AsRef<[usize]>) -> Result<Tensor<T>> {
    Tensor::try_full(shape, T::ZERO)
}

/// Ones.
///
/// # Errors
/// As [`zeros`].
#[track_caller]
pub fn ones<T: Float>(shape: impl AsRef<[usize]>) -> Result<Tensor<T>> {
    Tensor::try_full(shape, T::ONE)
}

/// One number for all elements.
///
/// # Errors
/// As [`zeros`].
#[track_caller]
pub fn constant<T: Float>(shape: impl AsRef<[usize]>, value: f64) -> Result<Tensor<T>> {
    Tensor::try_full(shape, T::from_f64(value))
}

/// Uniform from `low` to `high`.
///
/// # Errors
/// If the range is not finite.
#[track_caller]
pub fn uniform<T: Float>(
    shape: impl AsRef<[usize]>,
    low: f64,
    high: f64,
    rng: &mut Rng,
) -> Result<Tensor<T>> {
    Tensor::uniform(shape, low, high, rng)
}

/// Normal.
///
/// # Errors
/// If the standard deviation is negative, or a number is not finite.
#[track_caller]
pub fn normal<T: Float>(
    shape: impl AsRef<[usize]>,
    mean: f64,
    std: f64,
    rng: &mut Rng,
) -> Result<Tensor<T>> {
    Tensor::normal(shape, mean, std, rng)
}

/// Normal, drawn again outside of `low` to `high`. (PyTorch's bounds are -2 and 2: numbers, not deviations.)
///
/// # Errors
/// If there is no such distribution.
#[track_caller]
pub fn truncated_normal<T: Float>(
    shape: impl AsRef<[usize]>,
    mean: f64,
    std: f64,
    low: f64,
    high: f64,
    rng: &mut Rng,
) -> Result<Tensor<T>> {
    Tensor::truncated_normal(shape, mean, std, low, high, rng)
}

/// The nonlinearity after a layer, with the gain that its weights need.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Nonlinearity {
    /// Nothing: 1.
    Linear,
    /// 1
    Sigmoid,
    /// 5/3
    Tanh,
    /// √2
    Relu,
    /// √(2 / (1 + slope²)), for this slope on the negative side.
    LeakyRelu(f64),
    /// ¾
    Selu,
}

/// The gain that weights need for the nonlinearity after the layer, as in PyTorch.
///
/// ```
/// use wengert_nn::init::{Nonlinearity, calculate_gain};
/// assert_eq!(calculate_gain(Nonlinearity::Tanh), 5.0 / 3.0);
/// ```
pub fn calculate_gain(nonlinearity: Nonlinearity) -> f64 {
    match nonlinearity {
        Nonlinearity::Linear | Nonlinearity::Sigmoid => 1.0,
        Nonlinearity::Tanh => 5.0 / 3.0,
        Nonlinearity::Relu => 2f64.sqrt(),
        Nonlinearity::LeakyRelu(slope) => (2.0 / (1.0 + slope * slope)).sqrt(),
        Nonlinearity::Selu => 0.75,
    }
}

/// The quantity whose variance is preserved: values in the forward pass, or gradients in the backward pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Fan {
    /// Values, by the number of inputs.
    #[default]
    In,
    /// Gradients, by the number of outputs.
    Out,
}

/// The number of inputs of each output, and the number of outputs of each input, for a weight `[outputs, inputs, …]` whose
/// further axes are places of a kernel.
///
/// ```
/// use wengert_nn::init::fans;
/// assert_eq!(fans(&[8, 4, 3, 3])?, (36, 72));
/// # Ok::<(), wengert_tensor::Error>(())
/// ```
///
/// # Errors
/// If the shape has fewer than two axes.
#[track_caller]
pub fn fans(shape: &[usize]) -> Result<(usize, usize)> {
    match shape {
        [outputs, inputs, kernel @ ..] => {
            // Saturated, the shape is beyond memory, which whoever makes the weight says.
            let times = |n: usize| kernel.iter().fold(n, |n, &size| n.saturating_mul(size));
            Ok((times(*inputs), times(*outputs)))
        }
        _ => {
            let rule = "a weight has at least two axes, [outputs, inputs, …]";
            Err(Error::Shape(Fault::new("fans", &[shape], rule)))
        }
    }
}

/// gain / √n, and 0 if n is 0.
fn scale(gain: f64, n: f64) -> f64 {
    if n == 0.0 { 0.0 } else { gain / n.sqrt() }
}

/// Xavier's (Glorot's) for a weight: uniform, of variance gain² · 2 / (inputs + outputs).
///
/// # Errors
/// If the shape has fewer than two axes.
#[track_caller]
pub fn xavier_uniform<T: Float>(
    shape: impl AsRef<[usize]>,
    gain: f64,
    rng: &mut Rng,
) -> Result<Tensor<T>> {
    let (inputs, outputs) = fans(shape.as_ref())?;
    let bound = scale(gain, inputs.saturating_add(outputs) as f64 / 6.0);
    Tensor::uniform(shape, -bound, bound, rng)
}

/// Xavier's (Glorot's) for a weight: normal, of variance gain² · 2 / (inputs + outputs).
///
/// # Errors
/// If the shape has fewer than two axes.
#[track_caller]
pub fn xavier_normal<T: Float>(
    shape: impl AsRef<[usize]>,
    gain: f64,
    rng: &mut Rng,
) -> Result<Tensor<T>> {
    let (inputs, outputs) = fans(shape.as_ref())?;
    Tensor::normal(shape, 0.0, scale(gain, inputs.saturating_add(outputs) as f64 / 2.0), rng)
}

#[track_caller]
fn kaiming(shape: &[usize], fan: Fan, nonlinearity: Nonlinearity) -> Result<f64> {
    let (inputs, outputs) = fans(shape)?;
    let n = if fan == Fan::In { inputs } else { outputs };
    Ok(scale(calculate_gain(nonlinearity), n as f64))
}

/// Kaiming's (He's) for a weight: uniform, of variance gain² / fan. PyTorch's default is `Fan::In` and `LeakyRelu(0.0)`.
///
/// # Errors
/// If the shape has fewer than two axes.
#[track_caller]
pub fn kaiming_uniform<T: Float>(
    shape: impl AsRef<[usize]>,
    fan: Fan,
    nonlinearity: Nonlinearity,
    rng: &mut Rng,
) -> Result<Tensor<T>> {
    let bound = kaiming(shape.as_ref(), fan, nonlinearity)? * 3f64.sqrt();
    Tensor::uniform(shape, -bound, bound, rng)
}

/// Kaiming's (He's) for a weight: normal, of variance gain² / fan.
///
/// # Errors
/// If the shape has fewer than two axes.
#[track_caller]
pub fn kaiming_normal<T: Float>(
    shape: impl AsRef<[usize]>,
    fan: Fan,
    nonlinearity: Nonlinearity,
    rng: &mut Rng,
) -> Result<Tensor<T>> {
    let std = kaiming(shape.as_ref(), fan, nonlinearity)?;
    Tensor::normal(shape, 0.0, std, rng)
}

/// LeCun's for a weight: uniform, of variance 1 / inputs.
///
/// # Errors
/// If the shape has fewer than two axes.
#[track_caller]
pub fn lecun_uniform<T: Float>(shape: impl AsRef<[usize]>, rng: &mut Rng) -> Result<Tensor<T>> {
    kaiming_uniform(shape, Fan::In, Nonlinearity::Linear, rng)
}

/// LeCun's for a weight: normal, of variance 1 / inputs. What `selu` wants.
///
/// # Errors
/// If the shape has fewer than two axes.
#[track_caller]
pub fn lecun_normal<T: Float>(shape: impl AsRef<[usize]>, rng: &mut Rng) -> Result<Tensor<T>> {
    kaiming_normal(shape, Fan::In, Nonlinearity::Linear, rng)
}

/// Rows (or, where there are more rows than columns, columns) of length `gain` at right angles to one another, each such
/// frame as likely as another. Axes after the first count as columns.
///
/// # Errors
/// If the shape has fewer than two axes.
#[track_caller]
pub fn orthogonal<T: Float>(
    shape: impl AsRef<[usize]>,
    gain: f64,
    rng: &mut Rng,
) -> Result<Tensor<T>> {
    let shape = shape.as_ref();
    fans(shape)?;
    wengert_tensor::Shape::len_or_refuse("orthogonal", shape)?;
    let (rows, columns) = (shape[0], shape[1..].iter().product::<usize>());
    let (count, length) = (rows.min(columns), rows.max(columns));
    // The factor Q of a QR decomposition of normal numbers, by Gram and Schmidt, each vector cleared of the others twice:
    // once more than in exact arithmetic, which leaves it at right angles to the last bit. Lengths being positive, Q is
    // the one that is uniformly distributed.
    let mut frame: Vec<Vec<f64>> = Vec::with_capacity(count);
    while frame.len() < count {
        let mut v: Vec<f64> = Tensor::<f64>::normal([length], 0.0, 1.0, rng)?.to_vec();
        for _ in 0..2 {
            for q in &frame {
                let along: f64 = q.iter().zip(&v).map(|(q, v)| q * v).sum();
                v.iter_mut().zip(q).for_each(|(v, q)| *v -= along * q);
            }
        }
        let norm = v.iter().map(|v| v * v).sum::<f64>().sqrt();
        // Within the others' span but for rounding: as good as impossible, and drawn again.
        if norm > 1e-8 {
            v.iter_mut().for_each(|v| *v /= norm);
            frame.push(v);
        }
    }
    let element = |i: usize, j: usize| if rows <= columns { frame[i][j] } else { frame[j][i] };
    let elements =
        (0..rows * columns).map(|k| T::from_f64(gain * element(k / columns, k % columns)));
    Tensor::from_vec(elements.collect(), shape)
}
