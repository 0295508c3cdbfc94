//! All steps forward.

use super::panels::Panels;
use super::room::{Room, written, written_mut};
use super::{Recurrence, Sizes, Step, slice};
use crate::Float;
use crate::kernel::level::{Arch, Kernel, Level, dispatch};
use crate::pointwise::{ONE, Real, ZERO};

/// Fills in the states `y` and what is kept of each step.
pub(super) fn run<T: Float>(
    net: &Recurrence<'_, T>,
    sizes: Sizes,
    y: &mut Room<T>,
    kept: &mut Room<T>,
) {
    let Sizes { time, batch, hidden } = sizes;
    let (gates, wide, state) = (net.step.gates(), net.step.kept() * hidden, sizes.state());
    let (x, first) = (net.x.contiguous(), net.h.contiguous());
    let memory = net.c.map(|c| c.contiguous());
    let bias = net.d.map(|d| d.contiguous());
    let u = Panels::new(&net.u.t());
    let (x, bias) = (slice(&x), bias.as_ref().map(slice));
    let mut before: Option<usize> = None;
    for i in 0..time {
        let t = net.nth(i, sizes);
        let (h, now) = match before {
            None => (slice(&first), &mut y[t * state..][..state]),
            // SAFETY: the step before wrote its state.
            Some(s) => unsafe { apart(y, s * state, t * state, state) },
        };
        let x = &x[t * batch * gates * hidden..][..batch * gates * hidden];
        if wide == 0 {
            u.product_into(h, bias, now, hidden);
            dispatch(Plain { relu: net.step == Step::Relu, x, y: now });
        } else {
            let (from, to) = (t * batch * wide, (t + 1) * batch * wide);
            u.product_into(h, bias, &mut kept[from..to], wide);
            if net.step == Step::Gru {
                dispatch(Gru { hidden, x, h, kept: &mut kept[from..to], y: now });
            } else {
                let c = match before {
                    None => (memory.as_ref().map_or(&[][..], slice), hidden),
                    Some(_) => (&[][..], 0),
                };
                let (kept, c) = match before {
                    None => (&mut kept[from..to], c),
                    Some(s) => {
                        // SAFETY: the step before wrote all its rows.
                        let (old, new) =
                            unsafe { apart(kept, s * batch * wide, from, batch * wide) };
                        (new, (&old[4 * hidden..], wide))
                    }
                };
                dispatch(Lstm { hidden, x, c, kept, y: now });
            }
        }
        before = Some(t);
    }
    if net.step != Step::Lstm {
        return;
    }
    // The last memory, or the first where there is no step.
    for b in 0..batch {
        let last = &mut y[time * state + b * hidden..][..hidden];
        match before {
            Some(t) => {
                let row = (t * batch + b) * wide + 4 * hidden;
                last.copy_from_slice(&kept[row..row + hidden]);
            }
            None => {
                let c = memory.as_ref().map_or(&[][..], slice);
                for (last, &c) in last.iter_mut().zip(&c[b * hidden..][..hidden]) {
                    last.write(c);
                }
            }
        }
    }
}

/// Two parts of a room, the second to write.
///
/// # Safety
/// The first was written.
unsafe fn apart<T>(
    all: &mut Room<T>,
    read: usize,
    write: usize,
    len: usize,
) -> (&[T], &mut Room<T>) {
    let (old, new) = if read < write {
        let (low, high) = all.split_at_mut(write);
        (&low[read..read + len], &mut high[..len])
    } else {
        let (low, high) = all.split_at_mut(read);
        (&high[..len], &mut low[write..write + len])
    };
    // SAFETY: the caller's.
    (unsafe { written(old) }, new)
}

/// y = tanh(y + x), or its positive part, of the product y.
struct Plain<'a, T> {
    relu: bool,
    x: &'a [T],
    y: &'a mut Room<T>,
}

impl<T: Float> Kernel for Plain<'_, T> {
    type Output = ();
    const BEST: Level = T::BEST;
    #[inline(always)]
    fn run<A: Arch>(self) {
        // SAFETY: the product was written.
        let y = unsafe { written_mut(self.y) };
        for (y, &x) in y.iter_mut().zip(self.x) {
            let sum = y.lane::<A>() + x.lane::<A>();
            *y = T::from_lane::<A>(if self.relu { sum.max(ZERO) } else { sum.tanh() });
        }
    }
}

/// A step of a gated net, from the products in the first three vectors of each row of `kept`.
struct Gru<'a, T> {
    hidden: usize,
    x: &'a [T],
    h: &'a [T],
    kept: &'a mut Room<T>,
    y: &'a mut Room<T>,
}

impl<T: Float> Kernel for Gru<'_, T> {
    type Output = ();
    const BEST: Level = T::BEST;
    #[inline(always)]
    fn run<A: Arch>(self) {
        let n = self.hidden;
        let rows = self.kept.chunks_exact_mut(4 * n).zip(self.x.chunks_exact(3 * n));
        let states = self.y.chunks_exact_mut(n).zip(self.h.chunks_exact(n));
        for ((kept, x), (y, h)) in rows.zip(states) {
            let (gates, new) = kept.split_at_mut(3 * n);
            // SAFETY: the products were written.
            let gates = unsafe { written_mut(gates) };
            let (rz, un) = gates.split_at_mut(2 * n);
            let (x_rz, xn) = x.split_at(2 * n);
            squash::<A, T, true>(rz, x_rz);
            let (r, z) = rz.split_at(n);
            Self::state::<A>([r, z, un, xn, h], new, y);
        }
    }
}

impl<T: Float> Gru<'_, T> {
    /// n and h' of a row, of all whose slices have one length. A function, as of its parameters the compiler knows that none overlaps
    /// with what is written: so it makes vectors of the loop, which it otherwise leaves as it stands.
    #[inline(always)]
    fn state<A: Arch>([r, z, u, x, h]: [&[T]; 5], new: &mut Room<T>, y: &mut Room<T>) {
        let n = new.len();
        let (r, z, u, x, h, y) = (&r[..n], &z[..n], &u[..n], &x[..n], &h[..n], &mut y[..n]);
        for j in 0..n {
            let (r, z, h) = (r[j].lane::<A>(), z[j].lane::<A>(), h[j].lane::<A>());
            let c = (x[j].lane::<A>() + r * u[j].lane::<A>()).tanh();
            new[j].write(T::from_lane::<A>(c));
            y[j].write(T::from_lane::<A>(c + z * (h - c)));
        }
    }
}

/// σ(gate + x), or tanh, in the gate's place.
#[inline(always)]
fn squash<A: Arch, T: Float, const SIGMOID: bool>(gates: &mut [T], x: &[T]) {
    for (gate, &x) in gates.iter_mut().zip(x) {
        let sum = gate.lane::<A>() + x.lane::<A>();
        *gate = T::from_lane::<A>(if SIGMOID { sum.sigmoid() } else { sum.tanh() });
    }
}

/// A step of a net with a memory, from the products in the first four vectors of each row of `kept`. `c` is the memory before
/// it, and the distance of its rows.
struct Lstm<'a, T> {
    hidden: usize,
    x: &'a [T],
    c: (&'a [T], usize),
    kept: &'a mut Room<T>,
    y: &'a mut Room<T>,
}

impl<T: Float> Kernel for Lstm<'_, T> {
    type Output = ();
    const BEST: Level = T::BEST;
    #[inline(always)]
    fn run<A: Arch>(self) {
        let n = self.hidden;
        let rows = self.kept.chunks_exact_mut(6 * n).zip(self.x.chunks_exact(4 * n));
        for (b, ((kept, x), y)) in rows.zip(self.y.chunks_exact_mut(n)).enumerate() {
            let c = &self.c.0[b * self.c.1..][..n];
            let (gates, memory) = kept.split_at_mut(4 * n);
            let (new, squashed) = memory.split_at_mut(n);
            // SAFETY: the products were written.
            let gates = unsafe { written_mut(gates) };
            let (i_f, g_o) = gates.split_at_mut(2 * n);
            let (g, o) = g_o.split_at_mut(n);
            squash::<A, T, true>(i_f, x);
            squash::<A, T, false>(g, &x[2 * n..]);
            squash::<A, T, true>(o, &x[3 * n..]);
            let (i, f) = i_f.split_at(n);
            Self::state::<A>([i, f, g, o, c], new, squashed, y);
        }
    }
}

impl<T: Float> Lstm<'_, T> {
    /// c', tanh c' and h' of a row; see [`Gru::state`].
    #[inline(always)]
    fn state<A: Arch>(
        [i, f, g, o, c]: [&[T]; 5],
        new: &mut Room<T>,
        squashed: &mut Room<T>,
        y: &mut Room<T>,
    ) {
        let n = new.len();
        let (i, f, g, o, c) = (&i[..n], &f[..n], &g[..n], &o[..n], &c[..n]);
        let (squashed, y) = (&mut squashed[..n], &mut y[..n]);
        for j in 0..n {
            let written = i[j].lane::<A>() * g[j].lane::<A>();
            let memory = f[j].lane::<A>() * c[j].lane::<A>() + written;
            let small = memory.tanh();
            new[j].write(T::from_lane::<A>(memory));
            squashed[j].write(T::from_lane::<A>(small));
            y[j].write(T::from_lane::<A>(o[j].lane::<A>() * small));
        }
    }
}

/// 1 - y², the slope of tanh at a place where it is y.
#[inline(always)]
pub(super) fn slope_of_tanh<R: Real>(y: R) -> R {
    ONE - y * y
}
