//! A recurrent net over a whole sequence as one op.

use std::borrow::Cow;
use std::cell::RefCell;

use wengert_tensor::pointwise::UnaryOp;
use wengert_tensor::recurrent::{Back, Direction, Recurrence, Step};
use wengert_tensor::{Axes, Float, Tensor};

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
            _ => Ok(back.u.reshape([time * batch, wide])?.sum_over(0)?),
        }
    }
}

/// Whether two tensors are the same elements in the same places.
fn same<T: Float>(a: &Tensor<T>, b: &Tensor<T>) -> bool {
    let first = |x: &Tensor<T>| x.as_slice().map(<[T]>::as_ptr);
    a.shape() == b.shape() && first(a).is_some() && first(a) == first(b)
}

/// The operands as values of an algebra, step by step.
struct Steps<'a, A> {
    step: Step,
    direction: Direction,
    x: &'a A,
    h: &'a A,
    u: &'a A,
    c: Option<&'a A>,
    d: Option<&'a A>,
    y: &'a A,
    sizes: [usize; 3],
}

/// The values of one step: its place in time, the state and the memory before it, and its gates.
struct One<A> {
    t: usize,
    h: A,
    c: Option<A>,
    gates: Vec<A>,
}

impl<A> Steps<'_, A> {
    /// Row `t` of something `[time, batch, n]`.
    fn row<T: Float>(&self, of: &A, t: usize) -> Result<A>
    where
        A: Algebra<T>,
    {
        let n = of.shape()[2];
        of.narrow(0, t, 1)?.reshape(&[self.sizes[1], n])
    }

    /// The parts of the products, `[batch, hidden]` each.
    fn parts<T: Float>(&self, of: &A) -> Result<Vec<A>>
    where
        A: Algebra<T>,
    {
        let n = self.sizes[2];
        (0..self.step.gates()).map(|i| of.narrow(1, i * n, n)).collect()
    }

    /// All steps, in the order in which they are taken. The gates are those of the kernels: y; r, z, u of n, n; or i, f, g, o, c', tanh c'.
    fn all<T: Float>(&self) -> Result<Vec<One<A>>>
    where
        A: Algebra<T>,
    {
        let mut all: Vec<One<A>> = Vec::new();
        let mut c = self.c.cloned();
        for i in 0..self.sizes[0] {
            let t = if self.direction == Direction::Forward { i } else { self.sizes[0] - 1 - i };
            let h = match all.last() {
                None => self.h.clone(),
                Some(before) => self.row(self.y, before.t)?,
            };
            let u = h.matmul(&self.u.t()?)?;
            let u = self.parts(&match self.d {
                Some(d) => u + d.expand(&[self.sizes[1], d.shape()[0]])?,
                None => u,
            })?;
            let x = self.parts(&self.row(self.x, t)?)?;
            let sigmoid = |i: usize| (x[i].clone() + u[i].clone()).unary(UnaryOp::Sigmoid);
            let gates = match self.step {
                Step::Tanh | Step::Relu => vec![self.row(self.y, t)?],
                Step::Gru => {
                    let (r, z) = (sigmoid(0), sigmoid(1));
                    let n = (x[2].clone() + r.clone() * u[2].clone()).unary(UnaryOp::Tanh);
                    vec![r, z, u[2].clone(), n]
                }
                Step::Lstm => {
                    let (i, f, o) = (sigmoid(0), sigmoid(1), sigmoid(3));
                    let g = (x[2].clone() + u[2].clone()).unary(UnaryOp::Tanh);
                    let old = self.memory(&c)?;
                    let new = f.clone() * old + i.clone() * g.clone();
                    let small = new.unary(UnaryOp::Tanh);
                    vec![i, f, g, o, new, small]
                }
            };
            let next = gates.get(4).cloned();
            all.push(One { t, h, c: c.take(), gates });
            c = next;
        }
        Ok(all)
    }

    fn memory<T: Float>(&self, c: &Option<A>) -> Result<A>
    where
        A: Algebra<T>,
    {
        match c {
            Some(c) => Ok(c.clone()),
            None => self.zeros(&[self.sizes[1], self.sizes[2]]),
        }
    }

    fn zeros<T: Float>(&self, shape: &[usize]) -> Result<A>
    where
        A: Algebra<T>,
    {
        Ok(self.x.fixed(Tensor::try_full(shape, T::ZERO)?))
    }

    /// The reverse rule of operand `k`, step by step.
    fn pull<T: Float>(&self, k: usize, g: &A) -> Result<A>
    where
        A: Algebra<T>,
    {
        let [time, batch, hidden] = self.sizes;
        let wide = self.step.gates() * hidden;
        let state = [batch, hidden];
        let mut dh = self.zeros(&state)?;
        let mut dc = match self.step {
            Step::Lstm => self.row(g, time)?,
            _ => self.zeros(&state)?,
        };
        let (mut parts, mut weight) = (Vec::new(), self.zeros(&[wide, hidden])?);
        let mut bias = self.zeros(&[wide])?;
        for one in self.all()?.iter().rev() {
            let gh = self.row(g, one.t)? + dh;
            let (dx, du, past) = self.step_back(one, gh, &mut dc)?;
            dh = du.matmul(self.u)?;
            if let Some(past) = past {
                dh = dh + past;
            }
            weight = weight + du.t()?.matmul(&one.h)?;
            bias = bias + du.sum(Axes::from(0))?;
            parts.push((one.t, dx.reshape(&[1, batch, wide])?));
        }
        let memory = self.step == Step::Lstm;
        Ok(match k {
            0 if time == 0 => self.zeros(&[0, batch, wide])?,
            0 => {
                parts.sort_by_key(|(t, _)| *t);
                let parts: Vec<&A> = parts.iter().map(|(_, part)| part).collect();
                A::cat(&parts, 0)?
            }
            1 => dh,
            2 => weight,
            3 if memory => dc,
            _ => bias,
        })
    }

    /// One step back: the gradients of x and of u, and the part of h's that comes past the products. `dc` becomes that of the memory
    /// before it.
    fn step_back<T: Float>(&self, one: &One<A>, g: A, dc: &mut A) -> Result<(A, A, Option<A>)>
    where
        A: Algebra<T>,
    {
        let v = |i: usize| one.gates[i].clone();
        let rest = |x: A| -x.unary(UnaryOp::AddScalar { c: -1.0 });
        let of_sigmoid = |s: A| s.clone() * rest(s);
        let of_tanh = |y: A| rest(y.clone() * y);
        match self.step {
            Step::Tanh => {
                let d = g * of_tanh(v(0));
                Ok((d.clone(), d, None))
            }
            Step::Relu => {
                let d = g.masked(v(0).tensor().map(|y| y > T::ZERO))?;
                Ok((d.clone(), d, None))
            }
            Step::Gru => {
                let (r, z, un, n) = (v(0), v(1), v(2), v(3));
                let dn = g.clone() * rest(z.clone()) * of_tanh(n.clone());
                let dr = dn.clone() * un * of_sigmoid(r.clone());
                let dz = g.clone() * (one.h.clone() - n) * of_sigmoid(z.clone());
                let du = dn.clone() * r;
                let x = A::cat(&[&dr, &dz, &dn], 1)?;
                let u = A::cat(&[&dr, &dz, &du], 1)?;
                Ok((x, u, Some(g * z)))
            }
            Step::Lstm => {
                let (i, f, new, o, small) = (v(0), v(1), v(2), v(3), v(5));
                let d_o = g.clone() * small.clone() * of_sigmoid(o.clone());
                let memory = dc.clone() + g * o * of_tanh(small);
                let di = memory.clone() * new.clone() * of_sigmoid(i.clone());
                let df = memory.clone() * self.memory(&one.c)? * of_sigmoid(f.clone());
                let dg = memory.clone() * i * of_tanh(new);
                *dc = memory * f;
                let d = A::cat(&[&di, &df, &dg, &d_o], 1)?;
                Ok((d.clone(), d, None))
            }
        }
    }

    /// The direction of the result when operand `k` moves along `s`.
    fn push<T: Float>(&self, k: usize, s: &A) -> Result<A>
    where
        A: Algebra<T>,
    {
        let [time, batch, hidden] = self.sizes;
        let (state, wide) = ([batch, hidden], self.step.gates() * hidden);
        let lstm = self.step == Step::Lstm;
        let mut dh = if k == 1 { s.clone() } else { self.zeros(&state)? };
        let mut dc = if k == 3 && lstm { s.clone() } else { self.zeros(&state)? };
        let mut rows: Vec<(usize, A)> = Vec::new();
        for one in self.all()? {
            let mut du = dh.matmul(&self.u.t()?)?;
            if k == 2 {
                du = du + one.h.matmul(&s.t()?)?;
            } else if k >= 3 && !(lstm && k == 3) {
                du = du + s.expand(&[batch, wide])?;
            }
            let mut dx = self.zeros(&[batch, wide])?;
            if k == 0 {
                dx = self.row(s, one.t)?;
            }
            let v = |i: usize| one.gates[i].clone();
            let slope = |op: UnaryOp, y: A, d: A| -> Result<A> { A::pull_unary(op, d, &y, &y) };
            let (sigmoid, tanh) = (UnaryOp::Sigmoid, UnaryOp::Tanh);
            let both = self.parts(&(dx.clone() + du.clone()))?;
            dh = match self.step {
                Step::Tanh => slope(tanh, v(0), both[0].clone())?,
                Step::Relu => both[0].masked(v(0).tensor().map(|y| y > T::ZERO))?,
                Step::Gru => {
                    let (r, z, un, n) = (v(0), v(1), v(2), v(3));
                    let dr = slope(sigmoid, r.clone(), both[0].clone())?;
                    let dz = slope(sigmoid, z.clone(), both[1].clone())?;
                    let (xn, dun) = (self.parts(&dx)?[2].clone(), self.parts(&du)?[2].clone());
                    let dn = slope(tanh, n.clone(), xn + dr * un + r * dun)?;
                    dn.clone() + dz * (one.h.clone() - n) + z * (dh - dn)
                }
                Step::Lstm => {
                    let (i, f, g, o, small) = (v(0), v(1), v(2), v(3), v(5));
                    let di = slope(sigmoid, i.clone(), both[0].clone())?;
                    let df = slope(sigmoid, f.clone(), both[1].clone())?;
                    let dg = slope(tanh, g.clone(), both[2].clone())?;
                    let d_o = slope(sigmoid, o.clone(), both[3].clone())?;
                    dc = df * self.memory(&one.c)? + f * dc + di * g + i * dg;
                    d_o * small.clone() + o * slope(tanh, small, dc.clone())?
                }
            };
            rows.push((one.t, dh.reshape(&[1, batch, hidden])?));
        }
        rows.sort_by_key(|(t, _)| *t);
        if lstm {
            rows.push((time, dc.reshape(&[1, batch, hidden])?));
        }
        let rows: Vec<&A> = rows.iter().map(|(_, row)| row).collect();
        if rows.is_empty() { self.zeros(&[0, batch, hidden]) } else { A::cat(&rows, 0) }
    }
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
