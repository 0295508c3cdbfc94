//! `Mask`: which queries see which keys.

use wengert_autograd::{Result, Tape, Var};
use wengert_tensor::{Element, Error, Fault, Float, Tensor};

use crate::functional::Attention;

/// A mask of an attention layer.
#[derive(Clone, Copy)]
pub(crate) enum Mask<'t, T: Float> {
    /// There is none.
    None,
    /// A mask: true where a query sees a key.
    Seen(Var<'t, T, Tensor<bool>>),
    /// Numbers for the scores.
    Added(Var<'t, T>),
}

impl<'t, T: Float> Mask<'t, T> {
    /// A mask of either kind.
    #[track_caller]
    pub(crate) fn of<E: Element>(mask: Var<'t, T, Tensor<E>>) -> Result<Self> {
        match (mask.of::<Tensor<bool>>(), mask.of::<Tensor<T>>()) {
            (Some(seen), _) => Ok(Self::Seen(seen)),
            (_, Some(added)) => Ok(Self::Added(added)),
            _ => {
                let rule = "a mask is of `bool`, or of the layer's own floats";
                let fault = Fault::new("MultiheadAttention", &[&mask.shape()], rule);
                Err(Error::Value(fault).into())
            }
        }
    }

    /// As options of attention over `more` keys that every query sees, and causal over these queries and keys.
    #[track_caller]
    pub(super) fn options(
        self,
        more: usize,
        causal: Option<(usize, usize)>,
    ) -> Result<Attention<'t, T>> {
        let options = Attention::new();
        let triangle = |tape: &'t Tape<T>| match causal {
            Some((queries, keys)) if more > 0 => {
                let seen = Tensor::try_full([queries, keys], true)?.tril(0)?;
                Ok::<_, wengert_autograd::Error>(Some(tape.input(padded(&seen, more)?)))
            }
            _ => Ok(None),
        };
        let options = if causal.is_some() && more == 0 { options.causal() } else { options };
        Ok(match self {
            Self::None => options,
            Self::Seen(seen) => {
                let mask = with_heads(seen.value()?)?;
                let mask = padded(&mask, more)?;
                let mask = match triangle(seen.tape())? {
                    Some(triangle) => mask.logical_and(&triangle.value()?)?,
                    None => mask,
                };
                return Ok(options.mask(seen.tape().input(mask)));
            }
            Self::Added(added) => {
                let rank = added.rank();
                let mut bias = if rank == 3 { added.unsqueeze(1)? } else { added };
                if more > 0 {
                    let mut widths = vec![(0, 0); bias.rank()];
                    if let Some(last) = widths.last_mut() {
                        *last = (0, more as isize);
                    }
                    bias = bias.pad(widths, T::ZERO)?;
                }
                let options = options.bias(bias);
                match triangle(added.tape())? {
                    Some(triangle) => options.mask(triangle),
                    None => options,
                }
            }
        })
    }
}

/// `[batch, queries, keys]` with an axis for the heads.
#[track_caller]
fn with_heads(mask: Tensor<bool>) -> Result<Tensor<bool>> {
    Ok(if mask.rank() == 3 { mask.unsqueeze(1)? } else { mask })
}

/// A mask with so many keys more, which every query sees.
#[track_caller]
fn padded(mask: &Tensor<bool>, more: usize) -> Result<Tensor<bool>> {
    if more == 0 {
        return Ok(mask.clone());
    }
    let mut widths = vec![(0, 0); mask.rank()];
    if let Some(last) = widths.last_mut() {
        *last = (0, more as isize);
    }
    Ok(mask.pad(widths, true)?)
}
