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

/// The sizes of a call.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    pub(super) batch: usize,
    pub(super) queries: usize,
    /// The number of keys that the mask knows of.
    pub(super) keys: usize,
    /// The number of keys that each sequence has besides.
    pub(super) more: usize,
}

impl Sizes {
    /// The shape of a mask, with all keys where one axis of size 1, or none, stands for them.
    fn with_keys(self, shape: &[usize]) -> Vec<usize> {
        let mut shape = shape.to_vec();
        match shape.last_mut() {
            Some(last) if *last == 1 => *last = self.keys,
            Some(_) => {}
            None => shape.push(self.keys),
        }
        shape
    }

    /// The widths by which such a mask is padded.
    fn widths(self, rank: usize) -> Vec<(isize, isize)> {
        let mut widths = vec![(0, 0); rank];
        if let Some(last) = widths.last_mut() {
            *last = (0, self.more as isize);
        }
        widths
    }

    /// Rejects a mask of two axes that is not `[queries, keys]`.
    #[track_caller]
    fn check(self, mask: &[usize]) -> Result<()> {
        let &[rows, columns] = mask else { return Ok(()) };
        let Self { batch, queries, keys, .. } = self;
        let fits = |size: usize, all: usize| size == 1 || size == all;
        if fits(rows, queries) && fits(columns, keys) {
            return Ok(());
        }
        let rule = format!("a mask of 2 axes is [queries, keys], here [{queries}, {keys}]");
        let fault = Fault::new("MultiheadAttention", &[mask], rule);
        Err(Error::Shape(match rows == batch && fits(columns, keys) {
            true => fault.help(
                "a mask of the keys of each sequence, [batch, keys], is for all queries as `mask.unsqueeze(1)?`",
            ),
            false => fault,
        })
        .into())
    }
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

    /// As options of attention over keys and `more` keys that every query sees.
    #[track_caller]
    pub(super) fn options(self, sizes: Sizes, causal: bool) -> Result<Attention<'t, T>> {
        let Sizes { queries, keys, more, .. } = sizes;
        let options = Attention::new();
        let triangle = |tape: &'t Tape<T>| match causal && more > 0 {
            true => {
                let seen = Tensor::try_full([queries, keys], true)?.tril(0)?;
                Ok::<_, wengert_autograd::Error>(Some(tape.input(padded(&seen, sizes)?)))
            }
            false => Ok(None),
        };
        let options = if causal && more == 0 { options.causal() } else { options };
        Ok(match self {
            Self::None => options,
            Self::Seen(seen) => {
                sizes.check(&seen.shape())?;
                let mask = with_heads(seen.value()?)?;
                let mask = padded(&mask, sizes)?;
                let mask = match triangle(seen.tape())? {
                    Some(triangle) => mask.logical_and(&triangle.value()?)?,
                    None => mask,
                };
                return Ok(options.mask(seen.tape().input(mask)));
            }
            Self::Added(added) => {
                sizes.check(&added.shape())?;
                let rank = added.rank();
                let mut bias = if rank == 3 { added.unsqueeze(1)? } else { added };
                if more > 0 {
                    bias = bias.expand(sizes.with_keys(&bias.shape()))?;
                    bias = bias.pad(sizes.widths(bias.rank()), T::ZERO)?;
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

/// A mask with the additional keys, which every query sees.
#[track_caller]
fn padded(mask: &Tensor<bool>, sizes: Sizes) -> Result<Tensor<bool>> {
    if sizes.more == 0 {
        return Ok(mask.clone());
    }
    let mask = mask.expand(sizes.with_keys(mask.shape()))?;
    Ok(mask.pad(sizes.widths(mask.rank()), true)?)
}
