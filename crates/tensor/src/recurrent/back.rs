//! All steps back.

use std::mem::MaybeUninit;

use super::forward::slope_of_tanh;
use super::{Recurrence, Sequences, Sizes, Starts, Step};
use crate::Float;
use crate::kernel::level::{Arch, Kernel, Level, dispatch};
use crate::kernel::pool::Shared;
use crate::pointwise::{ONE, Real, ZERO};
use crate::room::{Room, part, written, written_mut};

/// The values from which the way back starts.
pub(super) struct Given<'a, T> {
    pub(super) y: &'a [T],
    pub(super) g: &'a [T],
    pub(super) kept: &'a [T],
}

/// The gradients that it fills in.
pub(super) struct Found<'a, T> {
    pub(super) x: &'a mut Room<T>,
    /// Of [`Step::Gru`] alone; of others it is empty.
    pub(super) u: &'a mut Room<T>,
    pub(super) h: &'a mut [T],
    pub(super) c: Option<&'a mut [T]>,
}

/// Fills in the gradients. `found.h` and `found.c` are those of the state after each step on the way, and at its end those of the
/// first.
pub(super) fn run<T: Float>(
    net: &Recurrence<'_, T>,
    sizes: Sizes,
    starts: &Starts<T>,
    given: Given<'_, T>,
    found: Found<'_, T>,
) {
    let [x, u] = [found.x, found.u].map(|x| Shared(x.as_mut_ptr()));
    // A net without a memory has no gradient of one.
    let [h, c] = [found.h, found.c.unwrap_or(&mut [])].map(|x| Shared(x.as_mut_ptr()));
    sizes.share(net.step, &|rows| {
        // SAFETY: the rooms are as large as the sizes say, and no two calls have a sequence in common.
        unsafe {
            let found = [x.get(), u.get(), h.get().cast(), c.get().cast()];
            sequences(net, sizes, &given, starts, rows, found);
        }
    });
}

/// All steps of some sequences, from the last to the first: they fill in the gradients of x and u, and change those of h and c.
///
/// # Safety
/// The rows of these sequences in the gradients may be written, and nothing else reads or writes them meanwhile; those of h
/// and c are initialised.
unsafe fn sequences<T: Float>(
    net: &Recurrence<'_, T>,
    sizes: Sizes,
    given: &Given<'_, T>,
    starts: &Starts<T>,
    rows: Sequences,
    [dx, du, dh, dc]: [*mut MaybeUninit<T>; 4],
) {
    let Sizes { time, hidden, .. } = sizes;
    let (wide, kept) = (net.step.gates() * hidden, net.step.kept() * hidden);
    // SAFETY: the caller's.
    let carried = unsafe { written_mut(part(dh, rows.at(0, hidden))) };
    let dc = match net.step {
        // SAFETY: the caller's.
        Step::Lstm => unsafe { written_mut(part(dc, rows.at(0, hidden))) },
        _ => &mut [],
    };
    if net.step == Step::Lstm {
        dc.copy_from_slice(&given.g[rows.at(time, hidden)]);
    }
    for i in (0..time).rev() {
        let t = net.nth(i, sizes);
        let before = i.checked_sub(1).map(|i| net.nth(i, sizes));
        let state = rows.at(t, hidden);
        let h = before.map_or(&starts.h()[rows.at(0, hidden)], |s| &given.y[rows.at(s, hidden)]);
        let (g, y) = (&given.g[state.clone()], &given.y[state]);
        let seen = &given.kept[rows.at(t, kept)];
        // SAFETY: the caller's, and each step has rows of its own.
        let dx = unsafe { part(dx, rows.at(t, wide)) };
        // The gradient of the step's products, which with U gives a part of that of the state.
        let products = match net.step {
            Step::Tanh | Step::Relu => {
                let relu = net.step == Step::Relu;
                dispatch(Plain { relu, g, carried, y, dx });
                carried.fill(T::ZERO);
                dx
            }
            Step::Gru => {
                // SAFETY: as above.
                let du = unsafe { part(du, rows.at(t, wide)) };
                dispatch(Gru { hidden, g, carried, h, kept: seen, dx, du });
                du
            }
            Step::Lstm => {
                let c = match before {
                    None => (&starts.c()[rows.at(0, hidden)], hidden),
                    Some(s) => (&given.kept[rows.at(s, kept)][4 * hidden..], kept),
                };
                dispatch(Lstm { hidden, g, carried, dc, c, kept: seen, dx });
                carried.fill(T::ZERO);
                dx
            }
        };
        // SAFETY: the step wrote them.
        starts.u.add_product_into(unsafe { written(products) }, carried, hidden);
    }
}

/// A plain step back: the gradient of the sum, from that of y.
struct Plain<'a, T> {
    relu: bool,
    g: &'a [T],
    carried: &'a [T],
    y: &'a [T],
    dx: &'a mut Room<T>,
}

impl<T: Float> Kernel for Plain<'_, T> {
    type Output = ();
    const BEST: Level = T::BEST;
    #[inline(always)]
    fn run<A: Arch>(self) {
        let Self { relu, g, carried, y, dx } = self;
        for (((dx, &g), &carried), &y) in dx.iter_mut().zip(g).zip(carried).zip(y) {
            let (g, y) = (g.lane::<A>() + carried.lane::<A>(), y.lane::<A>());
            let g = if relu { y.when_gt(ZERO, g, ZERO) } else { g * slope_of_tanh(y) };
            dx.write(T::from_lane::<A>(g));
        }
    }
}

/// A gated step back. `carried` becomes the part of the state's gradient that comes past the gates.
struct Gru<'a, T> {
    hidden: usize,
    g: &'a [T],
    carried: &'a mut [T],
    h: &'a [T],
    kept: &'a [T],
    dx: &'a mut Room<T>,
    du: &'a mut Room<T>,
}

impl<T: Float> Kernel for Gru<'_, T> {
    type Output = ();
    const BEST: Level = T::BEST;
    #[inline(always)]
    fn run<A: Arch>(self) {
        let n = self.hidden;
        let rows = self.dx.chunks_exact_mut(3 * n).zip(self.du.chunks_exact_mut(3 * n));
        let states = self.g.chunks_exact(n).zip(self.h.chunks_exact(n));
        let states = states.zip(self.carried.chunks_exact_mut(n));
        for (((dx, du), kept), ((g, h), carried)) in
            rows.zip(self.kept.chunks_exact(4 * n)).zip(states)
        {
            let (r, z) = (&kept[..n], &kept[n..2 * n]);
            let (un, c) = (&kept[2 * n..3 * n], &kept[3 * n..4 * n]);
            let (drz, dn) = dx.split_at_mut(2 * n);
            let (dr, dz) = drz.split_at_mut(n);
            let (du_rz, du_n) = du.split_at_mut(2 * n);
            Self::state::<A>([r, z, un, c, g, h], carried, dr, dz, dn, du_n);
            du_rz.copy_from_slice(drz);
        }
    }
}

impl<T: Float> Gru<'_, T> {
    /// The gradients of a row: a function of its own, for the reason that `forward` gives.
    #[inline(always)]
    fn state<A: Arch>(
        [r, z, un, c, g, h]: [&[T]; 6],
        carried: &mut [T],
        dr: &mut Room<T>,
        dz: &mut Room<T>,
        dn: &mut Room<T>,
        du_n: &mut Room<T>,
    ) {
        let n = carried.len();
        let (r, z, un, c) = (&r[..n], &z[..n], &un[..n], &c[..n]);
        let (dr, dz, dn, du_n) = (&mut dr[..n], &mut dz[..n], &mut dn[..n], &mut du_n[..n]);
        let (g, h) = (&g[..n], &h[..n]);
        for j in 0..n {
            let g = g[j].lane::<A>() + carried[j].lane::<A>();
            let (r, z) = (r[j].lane::<A>(), z[j].lane::<A>());
            let (un, c, h) = (un[j].lane::<A>(), c[j].lane::<A>(), h[j].lane::<A>());
            let new = g * (ONE - z) * slope_of_tanh(c);
            dn[j].write(T::from_lane::<A>(new));
            du_n[j].write(T::from_lane::<A>(new * r));
            dr[j].write(T::from_lane::<A>(new * un * r * (ONE - r)));
            dz[j].write(T::from_lane::<A>(g * (h - c) * z * (ONE - z)));
            carried[j] = T::from_lane::<A>(g * z);
        }
    }
}

/// A step back of a net with a memory. `dc` becomes the gradient of the memory before it.
struct Lstm<'a, T> {
    hidden: usize,
    g: &'a [T],
    carried: &'a [T],
    dc: &'a mut [T],
    c: (&'a [T], usize),
    kept: &'a [T],
    dx: &'a mut Room<T>,
}

impl<T: Float> Kernel for Lstm<'_, T> {
    type Output = ();
    const BEST: Level = T::BEST;
    #[inline(always)]
    fn run<A: Arch>(self) {
        let n = self.hidden;
        let states = self.g.chunks_exact(n).zip(self.carried.chunks_exact(n));
        let states = states.zip(self.dc.chunks_exact_mut(n));
        let rows = self.dx.chunks_exact_mut(4 * n).zip(self.kept.chunks_exact(6 * n));
        for (b, ((dx, kept), ((g, carried), dc))) in rows.zip(states).enumerate() {
            let before = &self.c.0[b * self.c.1..][..n];
            let (i, f) = (&kept[..n], &kept[n..2 * n]);
            let (new, o) = (&kept[2 * n..3 * n], &kept[3 * n..4 * n]);
            let small = &kept[5 * n..6 * n];
            let (di_f, dg_o) = dx.split_at_mut(2 * n);
            let (di, df) = di_f.split_at_mut(n);
            let (dg, d_o) = dg_o.split_at_mut(n);
            let seen = [i, f, new, o, small, before, g, carried];
            Self::state::<A>(seen, dc, di, df, dg, d_o);
        }
    }
}

impl<T: Float> Lstm<'_, T> {
    /// See [`Gru::state`].
    #[inline(always)]
    fn state<A: Arch>(
        [i, f, new, o, small, before, g, carried]: [&[T]; 8],
        dc: &mut [T],
        di: &mut Room<T>,
        df: &mut Room<T>,
        dg: &mut Room<T>,
        d_o: &mut Room<T>,
    ) {
        let n = dc.len();
        let (i, f, new, o) = (&i[..n], &f[..n], &new[..n], &o[..n]);
        let (small, before, g, carried) = (&small[..n], &before[..n], &g[..n], &carried[..n]);
        let (di, df, dg, d_o) = (&mut di[..n], &mut df[..n], &mut dg[..n], &mut d_o[..n]);
        for j in 0..n {
            let g = g[j].lane::<A>() + carried[j].lane::<A>();
            let (i, f) = (i[j].lane::<A>(), f[j].lane::<A>());
            let (new, o) = (new[j].lane::<A>(), o[j].lane::<A>());
            let (small, old) = (small[j].lane::<A>(), before[j].lane::<A>());
            let memory = dc[j].lane::<A>() + g * o * slope_of_tanh(small);
            d_o[j].write(T::from_lane::<A>(g * small * o * (ONE - o)));
            di[j].write(T::from_lane::<A>(memory * new * i * (ONE - i)));
            df[j].write(T::from_lane::<A>(memory * old * f * (ONE - f)));
            dg[j].write(T::from_lane::<A>(memory * i * slope_of_tanh(new)));
            dc[j] = T::from_lane::<A>(memory * f);
        }
    }
}
