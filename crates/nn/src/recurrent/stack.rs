//! Recurrent layers one on another, in one direction or both, over whole sequences.

use wengert_autograd::{Result, Var};
use wengert_tensor::recurrent::{Direction, Step};
use wengert_tensor::{Error, Fault, Float, Tensor};

use super::settings::Settings;
use super::step::{State, step};
use super::weights::{OnTape, RecurrentWeights};
use crate::functional;

impl Settings {
    /// The outputs of all steps, and the last state of each layer and direction.
    #[track_caller]
    pub(crate) fn run<'t, T: Float>(
        &self,
        weights: &[RecurrentWeights<T>],
        x: Var<'t, T>,
        start: Option<State<'t, T>>,
        lengths: Option<&Tensor<usize>>,
    ) -> Result<(Var<'t, T>, State<'t, T>)> {
        self.check(x, lengths)?;
        let one = x.rank() == 2;
        // Sequences are [time, batch, inputs] inside.
        let x = match (one, self.batch_first) {
            (true, _) => x.unsqueeze(1)?,
            (_, true) => x.transpose(0, 1)?,
            _ => x,
        };
        let batch = x.shape()[1];
        let start = start.map(|start| self.start(start, one, batch)).transpose()?;

        let tape = x.tape();
        // A batch may be a view of few sequences.
        let zeros =
            |size: usize| Ok::<_, Error>(tape.constant(Tensor::try_full([batch, size], T::ZERO)?));
        let memory = self.kind == Step::Lstm;
        let (mut y, mut last) = (x, Vec::new());
        for (layer, pair) in weights.chunks(self.directions()).enumerate() {
            if layer > 0 && self.dropout != 0.0 {
                y = functional::dropout(y, self.dropout)?;
            }
            let mut sides = Vec::new();
            for (direction, weights) in
                [Direction::Forward, Direction::Backward].into_iter().zip(pair)
            {
                let state = match start {
                    Some(start) => start.map(|v| v.select(0, last.len()))?,
                    None => State {
                        h: zeros(self.outputs())?,
                        c: if memory { Some(zeros(self.hidden)?) } else { None },
                    },
                };
                let (side, state) =
                    over_time(self.kind, y, state, &weights.on(tape), direction, lengths)?;
                sides.push(side);
                last.push(state);
            }
            y = if let [only] = sides[..] { only } else { Var::cat(&sides, 2)? };
        }
        let all = |of: &dyn Fn(&State<'t, T>) -> Option<Var<'t, T>>| {
            let all: Vec<_> = last.iter().filter_map(of).collect();
            Var::stack(&all, 0)
        };
        let last = State {
            h: all(&|state| Some(state.h))?,
            c: if memory { Some(all(&|state| state.c)?) } else { None },
        };
        match (one, self.batch_first) {
            (true, _) => Ok((y.squeeze(1)?, last.map(|v| v.squeeze(1))?)),
            (_, true) => Ok((y.transpose(0, 1)?, last)),
            _ => Ok((y, last)),
        }
    }

    /// Rejects settings, sequences and lengths that do not fit.
    #[track_caller]
    fn check<T: Float>(&self, x: Var<'_, T>, lengths: Option<&Tensor<usize>>) -> Result<()> {
        let shape = x.shape();
        if let Some(rule) = self.wrong() {
            return Err(Error::Value(Fault::new(self.name, &[&shape], rule)).into());
        }
        let (time, batch, inputs) = match (shape.sizes(), self.batch_first) {
            (&[time, inputs], _) => (time, 1, inputs),
            (&[batch, time, inputs], true) | (&[time, batch, inputs], false) => {
                (time, batch, inputs)
            }
            (_, batch_first) => {
                let form =
                    if batch_first { "[batch, time, inputs]" } else { "[time, batch, inputs]" };
                let rule = format!("the sequences must be {form}, or [time, inputs] for one");
                return Err(Error::Shape(Fault::new(self.name, &[&shape], rule)).into());
            }
        };
        if inputs != self.inputs {
            let rule =
                format!("the last axis must have size {}, the number of inputs", self.inputs);
            return Err(Error::Shape(Fault::new(self.name, &[&shape], rule)).into());
        }
        let Some(lengths) = lengths else { return Ok(()) };
        if lengths.shape() != [batch] || shape.len() == 2 {
            let rule = "there must be one length for each sequence of the batch";
            let shapes: [&[usize]; 2] = [&shape, lengths.shape()];
            return Err(Error::Shape(Fault::new(self.name, &shapes, rule)).into());
        }
        if let Some((i, n)) = lengths.iter().enumerate().find(|(_, n)| *n > time) {
            let rule = format!("sequence {i} has length {n}, and there are {time} steps");
            return Err(Error::Value(Fault::new(self.name, &[&shape], rule)).into());
        }
        Ok(())
    }

    /// A first state of the right shape, with the axis of the batch.
    #[track_caller]
    fn start<'t, T: Float>(
        &self,
        state: State<'t, T>,
        one: bool,
        batch: usize,
    ) -> Result<State<'t, T>> {
        let count = self.layers * self.directions();
        let fits = |v: Var<'t, T>, size: usize| {
            let (shape, batched) = (v.shape(), [count, batch, size]);
            let wanted: &[usize] = if one { &[count, size] } else { &batched };
            if shape.sizes() == wanted {
                return if one { v.unsqueeze(1) } else { Ok(v) };
            }
            let rule = format!(
                "the first state must be {wanted:?}: [layers · directions, {}size]",
                if one { "" } else { "batch, " }
            );
            Err(Error::Shape(Fault::new(self.name, &[&shape], rule)).into())
        };
        Ok(State {
            h: fits(state.h, self.outputs())?,
            c: state.c.map(|c| fits(c, self.hidden)).transpose()?,
        })
    }
}

impl<'t, T: Float> State<'t, T> {
    /// The same for h and c.
    fn map(self, f: impl Fn(Var<'t, T>) -> Result<Var<'t, T>>) -> Result<Self> {
        Ok(Self { h: f(self.h)?, c: self.c.map(f).transpose()? })
    }

    /// This state where the mask says so, else the other.
    fn or(self, mask: &Tensor<bool>, other: Self) -> Result<Self> {
        let c = match (self.c, other.c) {
            (Some(new), Some(old)) => Some(new.where_(mask, old)?),
            (c, _) => c,
        };
        Ok(Self { h: self.h.where_(mask, other.h)?, c })
    }
}

/// One layer in one direction: outputs `[time, batch, outputs]`, and the state after the last step. A sequence that has ended
/// keeps its state and gives zeros.
#[track_caller]
fn over_time<'t, T: Float>(
    kind: Step,
    x: Var<'t, T>,
    mut state: State<'t, T>,
    weights: &OnTape<'t, T>,
    direction: Direction,
    lengths: Option<&Tensor<usize>>,
) -> Result<(Var<'t, T>, State<'t, T>)> {
    let (time, batch) = (x.shape()[0], x.shape()[1]);
    let size = state.h.shape()[1];
    if time == 0 {
        return Ok((x.tape().constant(Tensor::zeros([0, batch, size])), state));
    }
    let wx = x.linear(weights.ih, weights.bias_ih)?;
    if lengths.is_none() && weights.hr.is_none() {
        return as_one(kind, wx, state, weights, direction);
    }
    let mut outputs = Vec::with_capacity(time);
    for t in 0..time {
        let t = if direction == Direction::Forward { t } else { time - 1 - t };
        let next = step(kind, wx.select(0, t)?, state, weights)?;
        let running = lengths.map(|lengths| lengths.map(|n| t < n)).filter(|mask| !mask.all());
        match running {
            None => {
                state = next;
                outputs.push(next.h);
            }
            Some(mask) => {
                let mask = mask.unsqueeze(1)?;
                state = next.or(&mask, state)?;
                outputs.push(next.h.masked_fill(&!&mask, T::ZERO)?);
            }
        }
    }
    if direction == Direction::Backward {
        outputs.reverse();
    }
    Ok((Var::stack(&outputs, 0)?, state))
}

/// The same without lengths and projections: all steps as one op.
#[track_caller]
fn as_one<'t, T: Float>(
    kind: Step,
    wx: Var<'t, T>,
    State { h, c }: State<'t, T>,
    weights: &OnTape<'t, T>,
    direction: Direction,
) -> Result<(Var<'t, T>, State<'t, T>)> {
    let time = wx.shape()[0];
    let y = wx.recurrent(kind, direction, h, weights.hh, c, weights.bias_hh)?;
    let last = if direction == Direction::Forward { time - 1 } else { 0 };
    let h = y.select(0, last)?;
    match c {
        None => Ok((y, State { h, c })),
        // The last memory stands behind the states.
        Some(_) => Ok((y.narrow(0, 0, time)?, State { h, c: Some(y.select(0, time)?) })),
    }
}
