//! One step of a recurrent net, as formulas of vars. Every other form of these nets is compared with these.

use wengert_autograd::{Result, Var};
use wengert_tensor::Float;
use wengert_tensor::recurrent::Step;

use super::weights::OnTape;

/// The state between two steps: h, and the memory c that an `Lstm` has besides.
#[derive(Clone, Copy)]
pub(crate) struct State<'t, T: Float> {
    pub(crate) h: Var<'t, T>,
    pub(crate) c: Option<Var<'t, T>>,
}

/// The state after a step, from `wx`, which is Wx + b, and the state before it.
#[track_caller]
pub(crate) fn step<'t, T: Float>(
    kind: Step,
    wx: Var<'t, T>,
    state: State<'t, T>,
    weights: &OnTape<'t, T>,
) -> Result<State<'t, T>> {
    let State { h, c } = state;
    let uh = h.linear(weights.hh, weights.bias_hh)?;
    match (kind, c) {
        (Step::Tanh, _) => Ok(State { h: wx.try_add(uh)?.tanh(), c }),
        (Step::Relu, _) => Ok(State { h: wx.try_add(uh)?.relu(), c }),
        (Step::Gru, _) => {
            let ([wr, wz, wn], [ur, uz, un]) = (parts(wx)?, parts(uh)?);
            let (r, z) = (wr.try_add(ur)?.sigmoid(), wz.try_add(uz)?.sigmoid());
            let n = wn.try_add(r.try_mul(un)?)?.tanh();
            // (1 - z)·n + z·h
            Ok(State { h: n.try_add(z.try_mul(h.try_sub(n)?)?)?, c })
        }
        (Step::Lstm, c) => {
            let [i, f, g, o] = parts(wx.try_add(uh)?)?;
            let new = i.sigmoid().try_mul(g.tanh())?;
            let c = match c {
                Some(c) => f.sigmoid().try_mul(c)?.try_add(new)?,
                None => new,
            };
            let h = o.sigmoid().try_mul(c.tanh())?;
            let h = weights.hr.map_or(Ok(h), |hr| h.linear(hr, None))?;
            Ok(State { h, c: Some(c) })
        }
    }
}

/// The last axis in equal parts.
#[track_caller]
fn parts<T: Float, const N: usize>(x: Var<'_, T>) -> Result<[Var<'_, T>; N]> {
    let size = x.shape().last().map_or(0, |n| n / N);
    let mut parts = [x; N];
    for (i, part) in parts.iter_mut().enumerate() {
        *part = x.narrow(-1, i * size, size)?;
    }
    Ok(parts)
}
