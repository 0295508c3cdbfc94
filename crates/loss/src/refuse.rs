//! What losses refuse: shapes that only broadcasting would fit, numbers that are no target, predictions made by an op that
//! the loss applies itself.

use wengert_autograd::{Error, Operand, Result, Var};
use wengert_tensor::{Error as TensorError, Fault, Float, Shape, Tensor};

/// Refuses a target whose shape is not the prediction's, and says what would mend it: losses never broadcast.
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

/// Refuses `b` if its shape is not `a`'s.
#[track_caller]
#[inline]
pub(crate) fn alike(
    op: &'static str,
    a_name: &str,
    a: &[usize],
    b_name: &str,
    b: &[usize],
) -> Result<()> {
    if a == b {
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

/// Refuses a tensor of which an element fails the test; `rule` is said of that element.
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
    let Some(place) = numbers.iter().position(|v| !test(v.to_f64())) else { return Ok(()) };
    let rule =
        format!("{name}{:?} is {}, and {rule}", Shape::index_of(x.shape(), place), numbers[place]);
    let fault = Fault::new(op, &[x.shape()], rule);
    let fault = match help {
        Some(help) => fault.help(help),
        None => fault,
    };
    Err(TensorError::Value(fault).into())
}

/// How targets of 0 and 1 become -1 and 1.
const TO_SIGNS: &str = "labels of 0 and 1 become -1 and 1 by `2*y - 1`";

/// Refuses targets other than -1 and 1.
#[track_caller]
pub(crate) fn signs<T: Float>(op: &'static str, target: &Tensor<T>) -> Result<()> {
    let help = zeros_and_ones(target).then_some(TO_SIGNS);
    every(op, "target", target, |y| y.abs() == 1.0, "the targets are -1 or 1", help)
}

/// Refuses targets that are all 0 or 1, where they stand for the sides -1 and 1. Other numbers are weights, and pass.
#[track_caller]
pub(crate) fn no_zeros_and_ones<T: Float>(op: &'static str, target: &Tensor<T>) -> Result<()> {
    if !zeros_and_ones(target) {
        return Ok(());
    }
    let rule = "every target is 0 or 1, and the two sides are -1 and 1";
    let fault = Fault::new(op, &[target.shape()], rule).help(TO_SIGNS);
    Err(TensorError::Value(fault).into())
}

/// Whether all are 0 or 1, and some 0.
fn zeros_and_ones<T: Float>(target: &Tensor<T>) -> bool {
    let flat = target.contiguous();
    let numbers = flat.as_slice().unwrap_or(&[]);
    numbers.iter().all(|&y| y == T::ZERO || y == T::ONE) && numbers.contains(&T::ZERO)
}

/// Refuses targets outside 0 to 1.
#[track_caller]
pub(crate) fn shares<T: Float>(op: &'static str, target: &Tensor<T>) -> Result<()> {
    let negative = target.contiguous().as_slice().is_some_and(|t| {
        t.iter().any(|&y| y.to_f64() == -1.0) && t.iter().all(|&y| y.to_f64().abs() == 1.0)
    });
    let help = negative.then_some("labels of -1 and 1 become 0 and 1 by `(y + 1)/2`");
    every(op, "target", target, inside, "the targets are probabilities, from 0 to 1", help)
}

/// Whether it is a probability. NaN is none.
pub(crate) fn inside(p: f64) -> bool {
    (0.0..=1.0).contains(&p)
}

/// Refuses an option that is out of range.
#[track_caller]
#[inline]
pub(crate) fn option(op: &'static str, valid: bool, rule: impl FnOnce() -> String) -> Result<()> {
    if valid {
        return Ok(());
    }
    Err(TensorError::Value(Fault::new(op, &[], rule())).into())
}

/// Refuses a prediction that comes out of an op which the loss applies itself.
#[track_caller]
#[inline]
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
