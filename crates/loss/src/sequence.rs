//! Cross-entropy of the next token, over sequences that were padded to one length, and perplexity.

use wengert_autograd::{Result, Var};
use wengert_tensor::{Error as TensorError, Fault, Float, Shape, Tensor};

use crate::Reduction;
use crate::criterion::Loss;
use crate::cross_entropy::{logits, of_classes, smoothing};
use crate::labels::{Checked, ClassWeight};
use crate::reduce::reducible;
use crate::refuse::Numbers;

/// The cross-entropy of logits `[…, classes]` (`[batch, time, classes]`) and tokens `[…]`, over the tokens that are not
/// padding; the mean's denominator is their number in the whole batch.
///
/// Instead of a token for padding, a mask `(tokens, mask)` or the sequences' lengths `(tokens, lengths)` say what counts.
/// Padding is removed before anything is computed, so more or less of it does not change a bit of the loss or of a gradient. [`Reduction::None`] gives 0 at padding.
///
/// ```
/// use wengert_autograd::Tape;
/// use wengert_loss::{Loss, SequenceCrossEntropyLoss, perplexity};
/// use wengert_tensor::{Tensor, tensor};
///
/// let tape = Tape::new();
/// let logits = tape.var(Tensor::<f64>::zeros([2, 3, 5]));
/// let tokens = tensor![[4_usize, 1, 0], [2, 0, 0]];
/// let loss = SequenceCrossEntropyLoss::new(0).forward(logits, &tokens)?;
/// // As unsure as among five tokens.
/// assert!((perplexity(loss)? - 5.0).abs() < 1e-12);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct SequenceCrossEntropyLoss {
    pad: Option<usize>,
    smoothing: f64,
    reduction: Reduction,
}

impl SequenceCrossEntropyLoss {
    /// With this token as padding. It need not be a class that exists.
    pub fn new(pad: usize) -> Self {
        Self { pad: Some(pad), smoothing: 0.0, reduction: Reduction::Mean }
    }
    /// Without a padding token: a mask selects the tokens that count, or all count.
    pub fn unpadded() -> Self {
        Self { pad: None, smoothing: 0.0, reduction: Reduction::Mean }
    }
    /// With this fraction of the probability spread over all classes.
    pub fn label_smoothing(mut self, share: f64) -> Self {
        self.smoothing = share;
        self
    }

    #[track_caller]
    fn of<'t, T: Float>(
        &self,
        x: Var<'t, T>,
        tokens: &Tensor<usize>,
        mask: Option<&Tensor<bool>>,
    ) -> Result<Var<'t, T>> {
        const OP: &str = "sequence_cross_entropy";
        logits(OP, x)?;
        smoothing(OP, self.smoothing)?;
        let shape = x.shape();
        let Some((&classes, places)) = shape.split_last().filter(|(_, p)| *p == tokens.shape())
        else {
            let rule = "the tokens must have the logits' shape without its last axis, the classes";
            return Err(TensorError::Shape(Fault::new(OP, &[&shape, tokens.shape()], rule)).into());
        };
        if let Some(mask) = mask.filter(|m| m.shape() != tokens.shape()) {
            let rule = "the mask must have the tokens' shape: true where a token counts";
            let shapes = [tokens.shape(), mask.shape()];
            return Err(TensorError::Shape(Fault::new(OP, &shapes, rule)).into());
        }
        let mask = mask.map(Tensor::to_vec);
        let counts = |place: &usize, token: usize| {
            self.pad != Some(token) && mask.as_ref().is_none_or(|m| m[*place])
        };
        let (kept, labels): (Vec<usize>, Vec<usize>) =
            tokens.iter().enumerate().filter(|(place, token)| counts(place, *token)).unzip();
        for (&place, &token) in kept.iter().zip(&labels) {
            if token >= classes {
                let at = Shape::index_of(places, place);
                let rule =
                    format!("the token at {at:?} is {token}, and there are {classes} classes");
                let fault = Fault::new(OP, &[&shape, tokens.shape()], rule);
                return Err(TensorError::Index(fault).into());
            }
        }
        let total = kept.len() as f64;
        self.reduction.scale(OP, &[&shape, tokens.shape()], total)?;
        let kept = Tensor::from(kept);
        let rows = x.reshape([tokens.len(), classes])?.index_select(0, &kept)?;
        let labels = Checked { classes: Tensor::from(labels), weight: None, total, ignored: None };
        let weight = ClassWeight(None, Numbers::Checked);
        let loss = of_classes(OP, rows, labels, weight, self.smoothing, self.reduction)?;
        if self.reduction != Reduction::None {
            return Ok(loss);
        }
        let zeros = x.tape().constant(Tensor::try_full([tokens.len()], T::ZERO)?);
        zeros.index_add(0, &kept, loss)?.reshape(tokens.shape())
    }
}
reducible!(SequenceCrossEntropyLoss);

impl<'t, T: Float> Loss<'t, T, &Tensor<usize>> for SequenceCrossEntropyLoss {
    #[track_caller]
    fn forward(&self, x: Var<'t, T>, tokens: &Tensor<usize>) -> Result<Var<'t, T>> {
        self.of(x, tokens, None)
    }
}

impl<'t, T: Float> Loss<'t, T, (&Tensor<usize>, &Tensor<bool>)> for SequenceCrossEntropyLoss {
    #[track_caller]
    fn forward(
        &self,
        x: Var<'t, T>,
        (tokens, mask): (&Tensor<usize>, &Tensor<bool>),
    ) -> Result<Var<'t, T>> {
        self.of(x, tokens, Some(mask))
    }
}

/// Tokens `[batch, time]`, and the length of each sequence `[batch]`: what stands behind its end does not count.
impl<'t, T: Float> Loss<'t, T, (&Tensor<usize>, &Tensor<usize>)> for SequenceCrossEntropyLoss {
    #[track_caller]
    fn forward(
        &self,
        x: Var<'t, T>,
        (tokens, lengths): (&Tensor<usize>, &Tensor<usize>),
    ) -> Result<Var<'t, T>> {
        let (shape, ends) = (tokens.shape(), lengths.to_vec());
        if shape.len() != 2 || lengths.shape() != &shape[..1] || ends.iter().any(|n| *n > shape[1])
        {
            let rule = "the tokens must be [batch, time], and the lengths [batch], of at most time";
            let shapes = [shape, lengths.shape()];
            let fault = Fault::new("sequence_cross_entropy", &shapes, rule);
            return Err(TensorError::Shape(fault).into());
        }
        let within = Tensor::from_fn(shape, |at| at[1] < ends[at[0]]);
        self.of(x, tokens, Some(&within))
    }
}

/// The mean of [`SequenceCrossEntropyLoss`] over tokens that are not padding.
///
/// # Errors
/// If the shapes do not match, a token is not a class, the prediction has been through a softmax, or all is padding.
#[track_caller]
pub fn sequence_cross_entropy<'t, T: Float>(
    logits: Var<'t, T>,
    tokens: &Tensor<usize>,
    pad: usize,
) -> Result<Var<'t, T>> {
    SequenceCrossEntropyLoss::new(pad).forward(logits, tokens)
}

/// exp of the mean loss of a token: the number of equally likely tokens among which the model could as well choose.
///
/// # Errors
/// If the loss is not a single number.
#[track_caller]
pub fn perplexity<T: Float>(loss: Var<'_, T>) -> Result<f64> {
    Ok(loss.item()?.to_f64().exp())
}
