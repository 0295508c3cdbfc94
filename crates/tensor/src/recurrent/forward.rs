//! All steps forward.

use std::mem::MaybeUninit;

use super::{Recurrence, Sequences, Sizes, Starts, Step, slice};
use crate::Float;
use crate::kernel::level::{Arch, Kernel, Level, dispatch};
use crate::kernel::pool::Shared;
use crate::pointwise::{ONE, Real, ZERO};
use crate::room::{Room, part, written_mut, written_part};

/// Fills in the states `y` and what is kept of each step.
pub(super) fn run<T: Float>(
    net: &Recurrence<'_, T>,
    sizes: Sizes,
    starts: &Starts<T>,
    y: &mut Room<T>,
    kept: &mut Room<T>,
) {
    let (x, bias) = (net.x.contiguous(), net.d.map(|d| d.contiguous()));
    let given = Given { starts, x: slice(&x), bias: bias.as_ref().map(slice) };
    let (y, kept) = (Shared(y.as_mut_ptr()), Shared(kept.as_mut_ptr()));
    sizes.share(net.step, &|rows| {
        // SAFETY: the two are as large as the sizes say, and no two calls have a sequence in common.
        unsafe { sequences(net, sizes, &given, rows, y.get(), kept.get()) }
    });
}

/// The operands.
struct Given<'a, T> {
    starts: &'a Starts<T>,
    x: &'a [T],
    bias: Option<&'a [T]>,
}

/// All steps of some sequences.
///
/// # Safety
/// The rows of these sequences in `y` and `kept` may be written, and nothing else reads or writes them meanwhile.
unsafe fn sequences<T: Float>(
    net: &Recurrence<'_, T>,
    sizes: Sizes,
    given: &Given<'_, T>,
    rows: Sequences,
    y: *mut MaybeUninit<T>,
    kept: *mut MaybeUninit<T>,
) {
    let Sizes { time, hidden, .. } = sizes;
    let (gates, wide) = (net.step.gates() * hidden, net.step.kept() * hidden);
    let Given { starts, x, bias } = *given;
    let u = &starts.u;
    let mut before: Option<usize> = None;
    for t in (0..time).map(|i| net.nth(i, sizes)) {
        let x = &x[rows.at(t, gates)];
        // SAFETY: the caller's; the step before wrote its rows, and this one writes others.
        let (now, kept, h, c) = unsafe {
            let (h, c) = match before {
                None => (&starts.h()[rows.at(0, hidden)], None),
                Some(s) => {
                    let kept = written_part(kept, rows.at(s, wide));
                    (written_part(y, rows.at(s, hidden)), Some(kept))
                }
            };
            (part(y, rows.at(t, hidden)), part(kept, rows.at(t, wide)), h, c)
        };
        match net.step {
            Step::Tanh | Step::Relu => {
                u.product_into(h, bias, now, hidden);
                dispatch(Plain { relu: net.step == Step::Relu, x, y: now });
            }
            Step::Gru => {
                u.product_into(h, bias, kept, wide);
                dispatch(Gru { hidden, x, h, kept, y: now });
            }
            Step::Lstm => {
                u.product_into(h, bias, kept, wide);
                let first = || (&starts.c()[rows.at(0, hidden)], hidden);
                let c = c.map_or_else(first, |kept| (&kept[4 * hidden..], wide));
                dispatch(Lstm { hidden, x, c, kept, y: now });
            }
        }
        before = Some(t);
    }
    if net.step != Step::Lstm {
        return;
    }
    // The last memory, or the first where there is no step.
    // SAFETY: as above.
    let (last, kept) = unsafe {
        (part(y, rows.at(time, hidden)), before.map(|t| written_part(kept, rows.at(t, wide))))
    };
    for (b, last) in last.chunks_exact_mut(hidden).enumerate() {
        let c = match kept {
            Some(kept) => &kept[b * wide + 4 * hidden..][..hidden],
            None => &starts.c()[(rows.first + b) * hidden..][..hidden],
        };
        for (last, &c) in last.iter_mut().zip(c) {
            last.write(c);
        }
    }
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
