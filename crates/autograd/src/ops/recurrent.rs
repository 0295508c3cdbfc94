//! A recurrent net over a whole sequence as one op.

mod steps;

use std::borrow::Cow;
use std::cell::RefCell;

use wengert_tensor::recurrent::{Back, Direction, Recurrence, Step};
use wengert_tensor::{Float, Tensor};

use self::steps::Steps;
use super::{Operation, Reads, SelfAttention, family};
use crate::Result;
use crate::algebra::{Algebra, At, Incoming};
#[cfg(test)]
use crate::check::row::{Row, row};

family! {
    [inline(never)]
    /// Nets over sequences.
    Sequences<T> { Recurrent<T>, SelfAttention }
}

/// A recurrent net over a whole sequence.
///
/// Its operands are the input's part of all steps x, the first state h, the weight of the
/// state U, the first memory c of an LSTM, and the bias d, if there is one.
///
/// On tensors it runs as [kernels](wengert_tensor::recurrent). Where its gradient is recorded, the same steps are written with
/// plain ops.
pub struct Recurrent<T> {
    /// The formula of a step.
    pub step: Step,
    /// The direction of the steps.
    pub direction: Direction,
    seen: RefCell<Seen<T>>,
}

impl<T> std::fmt::Debug for Recurrent<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Recurrent({:?}, {:?})", self.step, self.direction)
    }
}

/// The parts of a run that its rules use again.
struct Seen<T> {
    /// The operands of the run, by the place of their first elements, and what it kept.
    kept: Option<(Places, Tensor<T>)>,
    /// The gradient of the last way back, and what came of it: the rule of each operand takes its part.
    back: Option<(Places, Tensor<T>, Back<T>)>,
}

/// The first elements of x, h and U.
type Places = [usize; 3];

fn places<T: Float>(x: &[&Tensor<T>]) -> Places {
    [0, 1, 2].map(|k| x[k].as_slice().map_or(0, |x| x.as_ptr().addr()))
}

impl<T> Clone for Recurrent<T> {
    fn clone(&self) -> Self {
        Self::new(self.step, self.direction)
    }
}

impl<T> Recurrent<T> {
    /// The op of this step.
    pub(crate) fn new(step: Step, direction: Direction) -> Self {
        Self { step, direction, seen: RefCell::new(Seen { kept: None, back: None }) }
    }
}

impl<T: Float> Recurrent<T> {
    /// The operand that is the bias.
    fn bias(&self) -> usize {
        if self.step == Step::Lstm { 4 } else { 3 }
    }

    fn net<'a>(&self, x: &[&'a Tensor<T>]) -> Recurrence<'a, T> {
        Recurrence {
            step: self.step,
            direction: self.direction,
            x: x[0],
            h: x[1],
            u: x[2],
            c: if self.step == Step::Lstm { x.get(3).copied() } else { None },
            d: x.get(self.bias()).copied(),
        }
    }

    /// The way back from `g`, which is run once for all operands.
    fn back(&self, g: &Tensor<T>, x: &[&Tensor<T>], y: &Tensor<T>) -> Result<Back<T>> {
        let places = places(x);
        let mut seen = self.seen.borrow_mut();
        if let Some((at, last, back)) = &seen.back
            && *at == places
            && same(last, g)
        {
            return Ok(back.clone());
        }
        let kept = match seen.kept.take() {
            Some((at, kept)) if at == places && !at.contains(&0) => kept,
            _ => self.net(x).forward()?.1,
        };
        let back = self.net(x).back(g, y, &kept)?;
        seen.kept = Some((places, kept));
        seen.back = Some((places, g.clone(), back.clone()));
        Ok(back)
    }

    /// The gradient of one operand, from that of the parts of all steps.
    fn part(&self, k: usize, back: Back<T>, h: &Tensor<T>, y: &Tensor<T>) -> Result<Tensor<T>> {
        let &[time, batch, wide] = back.u.shape() else { return Ok(back.u) };
        let hidden = h.shape()[1];
        match (k, back.c) {
            (0, _) => Ok(back.x),
            (1, _) => Ok(back.h),
            (3, Some(c)) => Ok(c),
            (2, _) if time == 0 => Ok(Tensor::try_full([wide, hidden], T::ZERO)?),
            (2, _) => {
                // Each step's part times the state before it: the first state, and those of all steps but the last.
                let (first, rest, states) = match self.direction {
                    Direction::Forward => (0, 1, 0),
                    Direction::Backward => (time - 1, 0, 1),
                };
                let start = back.u.select(0, first)?.t().matmul(h)?;
                let rows = (time - 1) * batch;
                let later = back.u.narrow(0, rest, time - 1)?.reshape([rows, wide])?;
                let states = y.narrow(0, states, time - 1)?.reshape([rows, hidden])?;
                Ok(later.t().matmul(&states)?.try_add(&start)?)
            }
            _ => Ok(back.u.reshape([time * batch, wide])?.sum_rows()?),
        }
    }
}

/// Whether two tensors are the same elements in the same places.
fn same<T: Float>(a: &Tensor<T>, b: &Tensor<T>) -> bool {
    let first = |x: &Tensor<T>| x.as_slice().map(<[T]>::as_ptr);
    a.shape() == b.shape() && first(a).is_some() && first(a) == first(b)
}

impl<T: Float> Operation<T> for Recurrent<T> {
    fn name(&self) -> &'static str {
        match self.step {
            Step::Tanh | Step::Relu => "rnn",
            Step::Gru => "gru",
            Step::Lstm => "lstm",
        }
    }
    fn attributes(&self) -> Vec<(&'static str, String)> {
        let mut attributes = Vec::new();
        if self.step == Step::Relu {
            attributes.push(("nonlinearity", "relu".to_string()));
        }
        if self.direction == Direction::Backward {
            attributes.push(("direction", "backward".to_string()));
        }
        attributes
    }
    fn forward(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>> {
        let (y, kept) = self.net(x).forward()?;
        self.seen.borrow_mut().kept = Some((places(x), kept));
        Ok(y)
    }
    fn pull<A: Algebra<T>>(&self, k: usize, g: Incoming<'_, A>, at: &impl At<A>) -> Result<A> {
        let x: Vec<A> = (0..at.operands()).map(|k| at.x(k)).collect();
        let y = at.y();
        if let Some(numbers) = g.numbers() {
            let x: Vec<Tensor<T>> = x.iter().map(A::tensor).collect();
            let x: Vec<&Tensor<T>> = x.iter().collect();
            let number = y.tensor();
            let back = self.back(numbers, &x, &number)?;
            return Ok(y.fixed(self.part(k, back, x[1], &number)?));
        }
        self.steps(&x, &y).pull(k, &*g)
    }
    fn push<A: Algebra<T>>(&self, k: usize, t: &A, x: &[A], y: &A) -> Result<A> {
        self.steps(x, y).push(k, t)
    }
    fn formula(&self, _: usize) -> Cow<'static, str> {
        "step by step, from the last to the first".into()
    }
    fn reads(&self, _: usize) -> Reads {
        Reads::ALL
    }
    #[cfg(test)]
    fn rows() -> Vec<Row> {
        let of = |shape: &'static [usize]| (shape, -1.0, 1.0);
        let plain = [of(&[3, 2, 2]), of(&[2, 2]), of(&[2, 2]), of(&[2])];
        let gru = [of(&[3, 2, 6]), of(&[2, 2]), of(&[6, 2]), of(&[6])];
        let lstm = [of(&[3, 2, 8]), of(&[2, 2]), of(&[8, 2]), of(&[2, 2]), of(&[8])];
        let directions = [Direction::Forward, Direction::Backward];
        let mut rows: Vec<Row> = Vec::new();
        rows.extend(directions.map(|direction| {
            row("rnn", &plain, move |x| {
                x[0].recurrent(Step::Tanh, direction, x[1], x[2], None, Some(x[3]))
            })
        }));
        rows.push(row("rnn", &plain[..3], |x| {
            x[0].recurrent(Step::Relu, Direction::Forward, x[1], x[2], None, None)
        }));
        rows.extend(directions.map(|direction| {
            row("gru", &gru, move |x| {
                x[0].recurrent(Step::Gru, direction, x[1], x[2], None, Some(x[3]))
            })
        }));
        rows.extend(directions.map(|direction| {
            row("lstm", &lstm, move |x| {
                x[0].recurrent(Step::Lstm, direction, x[1], x[2], Some(x[3]), Some(x[4]))
            })
        }));
        rows
    }
}

impl<T: Float> Recurrent<T> {
    fn steps<'a, A: Algebra<T>>(&self, x: &'a [A], y: &'a A) -> Steps<'a, A> {
        let (shape, state) = (x[0].shape(), x[1].shape());
        Steps {
            step: self.step,
            direction: self.direction,
            x: &x[0],
            h: &x[1],
            u: &x[2],
            c: if self.step == Step::Lstm { x.get(3) } else { None },
            d: x.get(self.bias()),
            y,
            sizes: [shape[0], shape[1], state[1]],
        }
    }
}
