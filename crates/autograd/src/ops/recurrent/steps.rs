//! The steps of a recurrent net written from plain ops, for the recorded way back and forward mode.

use wengert_tensor::pointwise::UnaryOp;
use wengert_tensor::recurrent::{Direction, Step};
use wengert_tensor::{Axes, Float, Tensor};

use crate::Result;
use crate::algebra::Algebra;

/// The operands as values of an algebra, step by step.
pub(super) struct Steps<'a, A> {
    pub(super) step: Step,
    pub(super) direction: Direction,
    pub(super) x: &'a A,
    pub(super) h: &'a A,
    pub(super) u: &'a A,
    pub(super) c: Option<&'a A>,
    pub(super) d: Option<&'a A>,
    pub(super) y: &'a A,
    pub(super) sizes: [usize; 3],
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
    pub(super) fn pull<T: Float>(&self, k: usize, g: &A) -> Result<A>
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
    pub(super) fn push<T: Float>(&self, k: usize, s: &A) -> Result<A>
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
