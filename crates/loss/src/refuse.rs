//! Checks of the losses. They reject shapes that differ, numbers that are not valid targets, and predictions from an op that
//! the loss applies itself.

use wengert_autograd::{Error, Operand, Result, Var};
use wengert_tensor::{Error as TensorError, Fault, Float, Shape, Tensor, compiled};

/// Rejects a target whose shape is not the prediction's, and names the fix: losses never broadcast.
///
/// For losses of your own; those of this crate all ask it.
///
/// ```
/// use wengert_autograd::Tape;
/// use wengert_loss::same_shape;
/// use wengert_tensor::Tensor;
///
/// let tape = Tape::new();
/// let prediction = tape.var(Tensor::<f32>::zeros([32, 1]));
/// let error = same_shape("my_loss", prediction, &Tensor::zeros([32])).unwrap_err();
/// assert!(error.to_string().contains("did you mean `target.unsqueeze(1)`?"));
/// ```
///
/// # Errors
/// [`TensorError::Shape`] if the shapes differ.
#[track_caller]
pub fn same_shape<'t, T: Float>(
    op: &'static str,
    prediction: Var<'t, T>,
    target: impl Operand<'t, T>,
) -> Result<()> {
    let target = target.on(prediction);
    alike(op, "prediction", &prediction.shape(), "target", &target.shape())
}

/// Rejects `b` if its shape is not `a`'s.
#[track_caller]
#[inline]
pub(crate) fn alike(
    op: &'static str,
    a_name: &str,
    a: &[usize],
    b_name: &str,
    b: &[usize],
) -> Result<()> {
    // A loop: `==` of slices would call `memcmp` for two numbers.
    if a.iter().eq(b) {
        return Ok(());
    }
    Err(differ(op, a_name, a, b_name, b))
}

#[track_caller]
#[cold]
fn differ(op: &'static str, a_name: &str, a: &[usize], b_name: &str, b: &[usize]) -> Error {
    let (a_shape, b_shape) = (Shape::new(a), Shape::new(b));
    let rule = format!(
        "{a_name} is {a_shape} and {b_name} is {b_shape}; a loss compares element with element and never broadcasts"
    );
    let fault = Fault::new(op, &[a, b], rule);
    let fault = match Shape::fix(a, b) {
        Some(how) => fault.help(format!("did you mean `{b_name}{how}`?")),
        None => fault,
    };
    TensorError::Shape(fault).into()
}

/// Whether a loss checks the numbers of its targets and weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Numbers {
    #[default]
    Checked,
    /// Any number is taken.
    Unchecked,
}

/// Rejects weights that are negative or not finite.
#[track_caller]
pub(crate) fn weights<T: Float>(
    op: &'static str,
    name: &str,
    weight: &Tensor<T>,
    numbers: Numbers,
) -> Result<()> {
    if numbers == Numbers::Unchecked {
        return Ok(());
    }
    every(op, name, weight, amount, "a weight is finite and 0 or more", None)
}

/// The largest log-probability, which is above 0 for its rounding.
const ROUNDING: f64 = 1e-3;

/// Rejects log-probabilities above 0: those are logits.
#[track_caller]
pub(crate) fn log_probabilities<T: Float>(
    op: &'static str,
    name: &str,
    x: &Tensor<T>,
    help: &str,
) -> Result<()> {
    // NaN passes: it is the prediction's, and shows in the loss.
    let rule = "a log-probability is 0 or less";
    every(op, name, x, |x| x <= ROUNDING || x.is_nan(), rule, Some(help))
}

/// Rejects a tensor with an element that fails the test; `rule` is the message about that element.
#[track_caller]
pub(crate) fn every<T: Float>(
    op: &'static str,
    name: &str,
    x: &Tensor<T>,
    test: impl Fn(f64) -> bool,
    rule: &str,
    help: Option<&str>,
) -> Result<()> {
    let flat = x.contiguous();
    let numbers = flat.as_slice().unwrap_or(&[]);
    match numbers.iter().position(|v| !test(v.to_f64())) {
        None => Ok(()),
        Some(place) => Err(wrong(op, name, &flat, place, rule, help)),
    }
}

#[track_caller]
#[cold]
fn wrong<T: Float>(
    op: &'static str,
    name: &str,
    flat: &Tensor<T>,
    place: usize,
    rule: &str,
    help: Option<&str>,
) -> Error {
    let number = flat.as_slice().map_or(T::ZERO, |numbers| numbers[place]);
    let rule = format!("{name}{:?} is {number}, and {rule}", Shape::index_of(flat.shape(), place));
    let fault = Fault::new(op, &[flat.shape()], rule);
    let fault = match help {
        Some(help) => fault.help(help),
        None => fault,
    };
    TensorError::Value(fault).into()
}

/// The fix for targets of 0 and 1 that should be -1 and 1.
const TO_SIGNS: &str = "labels of 0 and 1 become -1 and 1 by `2*y - 1`";

/// Rejects targets other than -1 and 1.
#[track_caller]
pub(crate) fn signs<T: Float>(
    op: &'static str,
    target: &Tensor<T>,
    numbers: Numbers,
) -> Result<()> {
    if numbers == Numbers::Unchecked {
        return Ok(());
    }
    let flat = target.contiguous();
    let Some(place) = flat.as_slice().and_then(|t| t.iter().position(|y| y.to_f64().abs() != 1.0))
    else {
        return Ok(());
    };
    let help = flat.iter().all(|y| y == T::ZERO || y == T::ONE).then_some(TO_SIGNS);
    Err(wrong(op, "target", &flat, place, "the targets are -1 or 1", help))
}

/// Rejects targets outside 0 to 1.
#[track_caller]
pub(crate) fn shares<T: Float>(
    op: &'static str,
    target: &Tensor<T>,
    numbers: Numbers,
) -> Result<()> {
    if numbers == Numbers::Unchecked {
        return Ok(());
    }
    let flat = target.contiguous();
    let Some(place) = flat.as_slice().and_then(|t| t.iter().position(|y| !inside(y.to_f64())))
    else {
        return Ok(());
    };
    let help = flat
        .iter()
        .all(|y| y.to_f64().abs() == 1.0)
        .then_some("labels of -1 and 1 become 0 and 1 by `(y + 1)/2`");
    let rule = "the targets are probabilities, from 0 to 1";
    Err(wrong(op, "target", &flat, place, rule, help))
}

/// Rejects a margin that is not finite.
#[track_caller]
pub(crate) fn margin(op: &'static str, margin: f64) -> Result<()> {
    option(op, margin.is_finite(), || format!("the margin is {margin}, and must be finite"))
}

/// Rejects an exponent gamma that is negative or not finite.
#[track_caller]
pub(crate) fn gamma(op: &'static str, gamma: f64) -> Result<()> {
    option(op, amount(gamma), || format!("gamma is {gamma}, and must be finite and 0 or more"))
}

/// Whether it is finite and 0 or more. NaN is not.
pub(crate) fn amount(x: f64) -> bool {
    (0.0..f64::INFINITY).contains(&x)
}

/// Whether it is a probability. NaN is none.
pub(crate) fn inside(p: f64) -> bool {
    (0.0..=1.0).contains(&p)
}

/// Rejects an option that is out of range.
#[track_caller]
#[inline]
pub(crate) fn option(op: &'static str, valid: bool, rule: impl FnOnce() -> String) -> Result<()> {
    if valid {
        return Ok(());
    }
    Err(TensorError::Value(Fault::new(op, &[], rule())).into())
}

/// Rejects a prediction from an op that the loss applies itself.
#[track_caller]
#[inline(never)]
pub(crate) fn not_made_by<T: Float>(
    op: &'static str,
    prediction: Var<'_, T>,
    makers: &[&str],
    takes: &str,
    help: &str,
) -> Result<()> {
    // A softmax that was reshaped or sliced since is one still.
    let source = prediction.behind_views();
    let maker = source.op();
    if !makers.contains(&maker) {
        return Ok(());
    }
    // A layer's own line would be one of the library's.
    let place = match source.scope() {
        layer if layer.is_empty() => format!("at {}", source.recorded_at()),
        layer => format!("in layer `{layer}`"),
    };
    let rule = format!("the prediction is the result of `{maker}` {place}, and {takes}");
    Err(TensorError::Value(Fault::new(op, &[&prediction.shape()], rule).help(help)).into())
}

compiled!(f32 f64: { not_made_by::<T> });
