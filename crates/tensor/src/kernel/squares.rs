//! The largest elements of squares of two by two: max pooling in its commonest form.

use super::level::{Arch, Kernel, Level};
use crate::Float;
use crate::room::Room;

/// The largest elements of squares of two by two, `count` in a row, in a plane from `first` on whose rows are `width` long: without
/// branches.
pub(crate) struct Pairs<'a, T> {
    pub(crate) x: &'a [T],
    pub(crate) first: usize,
    pub(crate) width: usize,
    pub(crate) count: usize,
    pub(crate) values: &'a mut Room<T>,
    pub(crate) places: &'a mut Room<usize>,
}

impl<T: Float> Kernel for Pairs<'_, T> {
    type Output = ();
    const BEST: Level = T::BEST;
    #[inline(always)]
    fn run<A: Arch>(self) {
        let Self { x, first, width, count, values, places } = self;
        let rows = values.chunks_exact_mut(count).zip(places.chunks_exact_mut(count));
        for (row, (values, places)) in rows.enumerate() {
            let start = first + 2 * row * width;
            let squares = Squares { x, start, width };
            match count {
                8.. => squares.row::<8, 16>(values, places),
                4.. => squares.row::<4, 8>(values, places),
                _ => squares.row::<1, 2>(values, places),
            }
        }
    }
}

/// A row of squares of two by two.
struct Squares<'a, T> {
    x: &'a [T],
    start: usize,
    width: usize,
}

impl<T: Float> Squares<'_, T> {
    /// The largest of each, `N` at a time. The last `N` may begin among those before them, which are written again: so even a short row
    /// is all vectors.
    #[inline(always)]
    fn row<const N: usize, const TWICE: usize>(
        &self,
        values: &mut Room<T>,
        places: &mut Room<usize>,
    ) {
        let count = values.len();
        let mut done = 0;
        while done < count {
            let j = done.min(count - N);
            let start = self.start + 2 * j;
            let all = [0, self.width].map(|down| self.x[start + down..].first_chunk::<TWICE>());
            let [Some(upper), Some(lower)] = all else { unreachable!("squares lie in the plane") };
            let mut best = ([T::ZERO; N], [0_u32; N]);
            for (i, value) in best.0.iter_mut().enumerate() {
                *value = upper[2 * i];
            }
            larger_of(&mut best, upper, 1, 1);
            larger_of(&mut best, lower, 0, 2);
            larger_of(&mut best, lower, 1, 3);
            let (value, number) = best;
            let values = values[j..].first_chunk_mut::<N>();
            let places = places[j..].first_chunk_mut::<N>();
            let (Some(values), Some(places)) = (values, places) else { unreachable!("N more") };
            for i in 0..N {
                values[i].write(value[i]);
                let (down, right) = (number[i] as usize >> 1, number[i] as usize & 1);
                places[i].write(start + 2 * i + down * self.width + right);
            }
            done = j + N;
        }
    }
}

/// Puts the elements of a row, every second from `from` on, and their number in the place of those that are less: the first of equal
/// ones stays, and a NaN is larger than any number.
#[inline(always)]
fn larger_of<T: Float, const N: usize, const TWICE: usize>(
    (value, number): &mut ([T; N], [u32; N]),
    row: &[T; TWICE],
    from: usize,
    mine: u32,
) {
    for j in 0..N {
        let next = row[2 * j + from];
        let larger = (next > value[j]) | (next.is_nan() & !value[j].is_nan());
        value[j] = if larger { next } else { value[j] };
        number[j] = if larger { mine } else { number[j] };
    }
}
