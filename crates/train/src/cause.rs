//! `Cause`: why a loss is not finite. The data is looked at first, the learning rate is blamed last.

use wengert_autograd::{Tape, TapeLine, Tensors};
use wengert_optim::{Optimizer, shown};
use wengert_tensor::{Element, Float, Tensor};

/// The reason why the loss of a batch is not finite.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Cause {
    /// An input is not finite.
    Input {
        /// The sample's place in its batch, from 0.
        sample: usize,
        /// The number.
        value: f64,
    },
    /// A target is not finite.
    Target {
        /// The sample's place in its batch, from 0.
        sample: usize,
        /// The number.
        value: f64,
    },
    /// A parameter is not finite.
    Parameter {
        /// Its path.
        name: String,
        /// The number.
        value: f64,
    },
    /// Data and parameters are finite: the numbers grew too large on the way to the loss.
    Growth,
}

impl Cause {
    /// The cause in a batch that is not finite.
    #[cold]
    pub(crate) fn in_batch<T: Float, X: Tensors, Y: Tensors>(
        inputs: &X,
        targets: &Y,
    ) -> Option<Self> {
        if let Some((sample, value)) = first_of::<T, X>(inputs) {
            return Some(Self::Input { sample, value });
        }
        first_of::<T, Y>(targets).map(|(sample, value)| Self::Target { sample, value })
    }

    /// The cause where the batch is finite.
    pub(crate) fn of_training<T: Float>(optimizer: &(impl Optimizer<T> + ?Sized)) -> Self {
        for param in optimizer.parameters() {
            if let Some((_, value)) = first(&param.value()) {
                return Self::Parameter { name: param.path(), value };
            }
        }
        Self::Growth
    }

    pub(crate) fn is_data(&self) -> bool {
        matches!(self, Self::Input { .. } | Self::Target { .. })
    }

    pub(crate) fn text(&self, learning_rate: f64) -> String {
        let data = |what: &str, sample: &usize, value: &f64| {
            format!(
                "{what} of sample {sample} of the batch (from 0) holds {value}\n  help: `data::check` lists the rows and columns that are not finite; remove or fill them before training"
            )
        };
        let rate = format!(
            "try a learning rate below {}, or clip the gradients with `.clip_norm(1.0)`; `loss.first_non_finite_gradient()` and `tape.first_non_finite()` name the op",
            shown(learning_rate)
        );
        match self {
            Self::Input { sample, value } => data("the input", sample, value),
            Self::Target { sample, value } => data("the target", sample, value),
            Self::Parameter { name, value } => {
                format!("parameter `{name}` holds {value}\n  help: if it started finite, {rate}")
            }
            Self::Growth => {
                format!(
                    "the data and the parameters are finite, so it grew too large on the way\n  help: {rate}"
                )
            }
        }
    }
}

/// The first number of several tensors that is not finite, and its place along its tensor's first axis.
fn first_of<T: Float, K: Tensors>(tensors: &K) -> Option<(usize, f64)> {
    let tape = Tape::<T>::no_grad();
    tape.input(tensors.clone());
    let of_line = |line: TapeLine<'_, T>| match line.data() {
        // Floats of the other width; indices and masks are finite.
        Some(data) => {
            (data.get::<f32>().and_then(first)).or_else(|| data.get::<f64>().and_then(first))
        }
        None => first(&line.value()?),
    };
    tape.lines().iter().find_map(of_line)
}

/// The first number that is not finite, and its place along the first axis.
fn first<T: Element>(x: &Tensor<T>) -> Option<(usize, f64)> {
    let place = x.iter().position(|x| !x.to_f64().is_finite())?;
    let row = x.len() / x.shape().first().copied().unwrap_or(1).max(1);
    Some((place / row.max(1), x.iter().nth(place)?.to_f64()))
}
