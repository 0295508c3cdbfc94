//! The reverse sweep: a loop back over the tape, in which the rules turn each node's gradient into gradients of its operands.
//! Gradients from several uses of a value are added up here, and summed over broadcast axes, and nowhere else.

use smallvec::SmallVec;
use wengert_tensor::{Float, Shape, Tensor, compiled};

use crate::algebra::{Algebra, At, Incoming};
use crate::inner::Inner;
use crate::ops::{Op, Operation as _};
use crate::row_grad::RowPart;
use crate::{Error, Result, Tape, Var};

/// Passes `g`, the gradient of a node, on to those operands that want a gradient.
#[inline]
fn hand_back<T: Float, A: Algebra<T>>(
    op: &Op<T>,
    operands: &[u32],
    wanted: impl Fn(u32) -> bool,
    at: &impl At<A>,
    g: A,
    grads: &mut [Option<A>],
) -> Result<()> {
    let Some(last) = operands.iter().rposition(|&j| wanted(j)) else { return Ok(()) };
    let mut g = Some(g);
    for k in (0..=last).filter(|&k| wanted(operands[k])) {
        let incoming = match &g {
            Some(g) if k < last => Incoming::Lent(g),
            // The last one gets the gradient itself, whose buffer it may then write to.
            _ => match g.take() {
                Some(g) => Incoming::Given(g),
                None => unreachable!("only the last operand takes it"),
            },
        };
        let part = op.pull(k, incoming, at)?;
        #[cfg(test)]
        let part = crate::check::planted::mistaken(op.name(), k, part);
        let part = if at.has_shape(k, &part) { part } else { part.sum_to(&at.shape(k))? };
        let slot = &mut grads[operands[k] as usize];
        *slot = Some(match slot.take() {
            None => part,
            Some(sum) => sum.accumulate(part)?,
        });
    }
    Ok(())
}

/// A node's surroundings as tensors, borrowed from the tape.
pub(crate) struct AtTensors<'a, T> {
    /// The values of all lines.
    pub(crate) values: &'a [Tensor<T>],
    pub(crate) index: usize,
    pub(crate) operands: &'a [u32],
}

impl<T> AtTensors<'_, T> {
    #[inline]
    fn operand(&self, k: usize) -> &Tensor<T> {
        &self.values[self.operands[k] as usize]
    }
}

impl<T: Float> At<Tensor<T>> for AtTensors<'_, T> {
    #[inline]
    fn x(&self, k: usize) -> Tensor<T> {
        self.operand(k).clone()
    }
    #[inline]
    fn see<R>(&self, k: usize, look: impl FnOnce(&Tensor<T>) -> R) -> R {
        look(self.operand(k))
    }
    #[inline]
    fn see_y<R>(&self, look: impl FnOnce(&Tensor<T>) -> R) -> R {
        look(&self.values[self.index])
    }
    fn operands(&self) -> usize {
        self.operands.len()
    }
    #[inline]
    fn y(&self) -> Tensor<T> {
        self.values[self.index].clone()
    }
    fn shape(&self, k: usize) -> Shape {
        Shape::new(self.operand(k).shape())
    }
    #[inline]
    fn rank(&self, k: usize) -> usize {
        self.operand(k).rank()
    }
    #[inline]
    fn has_shape(&self, k: usize, g: &Tensor<T>) -> bool {
        let (a, b) = (self.operand(k).shape(), g.shape());
        // A loop: `==` of slices would call `memcmp` for two numbers.
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a == b)
    }
}

/// A node's surroundings as vars.
struct AtVars<'a, 't, T: Float> {
    operands: &'a [u32],
    y: Var<'t, T>,
}

impl<'t, T: Float> At<Var<'t, T>> for AtVars<'_, 't, T> {
    fn x(&self, k: usize) -> Var<'t, T> {
        Var { tape: self.y.tape, index: self.operands[k] }
    }
    fn operands(&self) -> usize {
        self.operands.len()
    }
    fn y(&self) -> Var<'t, T> {
        self.y
    }
    fn shape(&self, k: usize) -> Shape {
        self.x(k).shape()
    }
    fn has_shape(&self, k: usize, g: &Var<'t, T>) -> bool {
        self.shape(k) == g.shape()
    }
}

/// The use that a sweep makes of complete gradients.
pub(crate) enum Keep<'a> {
    /// All of them.
    All,
    /// Those of these nodes.
    These(&'a [u32]),
}

impl<T: Float> Tape<T> {
    /// The sweep over tensors, from gradients of some nodes: gives those asked for.
    #[inline(never)]
    pub(crate) fn sweep(&self, seeds: Vec<(u32, Tensor<T>)>, keep: Keep) -> Result<Grads<T>> {
        let from = seeds.iter().map(|s| s.0).max().unwrap_or(0) as usize;
        let inner = self.inner.borrow();
        let mut grads: Grads<T> = vec![None; from + 1];
        for (i, g) in seeds {
            let slot = &mut grads[i as usize];
            *slot = Some(match slot.take() {
                None => g,
                Some(sum) => Algebra::accumulate(sum, g)?,
            });
        }
        let mut kept = vec![None; from + 1];
        sweep(&inner, &mut grads, &mut |i, g| {
            let wanted = match keep {
                Keep::All => true,
                Keep::These(these) => these.contains(&(i as u32)),
            };
            if wanted {
                kept[i] = Some(g.clone());
            }
            Ok(Then::HandOn)
        })?;
        Ok(kept)
    }

    /// The sweep over vars: what it does is recorded behind what it goes over.
    #[inline(never)]
    pub(crate) fn sweep_vars<'t>(
        &'t self,
        from: Var<'t, T>,
        seed: Var<'t, T>,
        keep: &[u32],
    ) -> Result<Vec<Option<Var<'t, T>>>> {
        let from = from.index as usize;
        let mut grads: Vec<Option<Var<'t, T>>> = vec![None; from + 1];
        grads[from] = Some(seed);
        let mut kept = vec![None; keep.len()];
        for i in (0..=from).rev() {
            let Some(g) = grads[i].take() else { continue };
            for (slot, _) in kept.iter_mut().zip(keep).filter(|(_, k)| **k as usize == i) {
                *slot = Some(g);
            }
            let (op, operands, wants) = {
                let inner = self.inner.borrow();
                let node = inner.nodes.at(i);
                let wants: SmallVec<[bool; 4]> =
                    node.operands.iter().map(|&j| inner.nodes.wanted(j as usize)).collect();
                (node.op.clone(), SmallVec::<[u32; 4]>::from_slice(node.operands), wants)
            };
            let wanted = |j: u32| operands.iter().zip(&wants).any(|(&o, &w)| o == j && w);
            if let Some(segment) = op.segment() {
                let y = segment.record(self, &operands)?;
                let found = self.sweep_vars(y, g, &operands)?;
                for (&j, part) in operands.iter().zip(found).filter(|(j, _)| wanted(**j)) {
                    let Some(part) = part else { continue };
                    let slot = &mut grads[j as usize];
                    *slot = Some(match slot.take() {
                        None => part,
                        Some(sum) => sum.accumulate(part)?,
                    });
                }
                continue;
            }
            let at = AtVars { operands: &operands, y: Var { tape: self, index: i as u32 } };
            hand_back(&op, &operands, wanted, &at, g, &mut grads)?;
        }
        Ok(kept)
    }
}

impl<T: Float> Inner<T> {
    /// Takes the gradient of rows that were looked up in a parameter, instead of adding it to zeros for all the others.
    #[inline]
    pub(crate) fn take_rows(
        &self,
        i: usize,
        g: &Tensor<T>,
        rows: &mut Vec<(u32, RowPart<T>)>,
    ) -> Then {
        let Some((index, starts)) = self.nodes.op(i).rows_looked_up() else {
            return Then::HandOn;
        };
        let line = self.nodes.operands(i)[0];
        let of_parameter = self.nodes.op(line as usize).parameter().is_some();
        if !of_parameter || !self.nodes.wanted(line as usize) {
            return Then::HandOn;
        }
        let (index, starts) = (index.clone(), starts.cloned());
        rows.push((line, RowPart { index, starts, values: g.clone() }));
        Then::Stop
    }
}

/// Gradients by line.
pub(crate) type Grads<T> = Vec<Option<Tensor<T>>>;

/// The way of a sweep from a gradient that is complete.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// Hands it on to the operands.
    HandOn,
    /// Nothing more: it was taken.
    Stop,
}

/// The loop: from the last node to the first, `done` told of each gradient that is complete.
#[inline(never)]
pub(crate) fn sweep<T: Float>(
    inner: &Inner<T>,
    grads: &mut Grads<T>,
    done: &mut dyn FnMut(usize, &Tensor<T>) -> Result<Then>,
) -> Result<()> {
    let nodes = &inner.nodes;
    for i in (0..grads.len()).rev() {
        let Some(mut g) = grads[i].take() else { continue };
        for watcher in inner.watchers.iter().filter(|w| w.node as usize == i) {
            if let Some(other) = (watcher.see)(&g) {
                if other.shape() != g.shape() {
                    let (op, given, wanted) = (nodes.op(i).name(), other.shape(), g.shape());
                    let rule = format!(
                        "watch: the watcher of %{i} {op} returned a gradient of shape {given:?}, and the value has shape {wanted:?}"
                    );
                    return Err(Error::Use(rule, watcher.at));
                }
                g = other;
            }
        }
        if done(i, &g)? == Then::Stop {
            continue;
        }
        let (op, operands) = (nodes.op(i), nodes.operands(i));
        if operands.is_empty() {
            if op.parameter().is_some() {
                grads[i] = Some(g);
            }
            continue;
        }
        if let Some(segment) = op.segment() {
            segment.sweep(nodes, operands, g, grads)?;
            continue;
        }
        let at = AtTensors { values: nodes.values(), index: i, operands };
        hand_back(op, operands, |j| nodes.wanted(j as usize), &at, g, grads)
            .map_err(|error| error.on_line(inner.user_line(nodes.at(i))))?;
    }
    Ok(())
}

compiled!(f32 f64: { sweep::<T>, Tape::<T>::sweep, Tape::<T>::sweep_vars });
