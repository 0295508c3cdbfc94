//! Random cases for tests: shapes with sizes 0 and 1 among them, numbers that tie, and tensors that lie in memory in
//! every way a view can: permuted, reversed, with steps, with room before and after, broadcast.
//!
//! A test runs [`cases`]: a closure for each case, with a generator of its own, whose seed
//! is printed when the case fails ([`case`] runs that one again).
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use wengert_tensor::{Element, Slice, Tensor};

/// Runs `test` on `count` cases. The same cases every time.
pub fn cases(count: u64, mut test: impl FnMut(&mut Cases)) {
    // Miri takes a thousand times as long.
    let count = if cfg!(miri) { count.div_ceil(30) } else { count };
    for seed in 0..count {
        case(seed, &mut test);
    }
}

/// Runs `test` on one case.
pub fn case(seed: u64, mut test: impl FnMut(&mut Cases)) {
    struct Tell(u64);
    impl Drop for Tell {
        fn drop(&mut self) {
            if std::thread::panicking() {
                eprintln!("in case {}", self.0);
            }
        }
    }
    let tell = Tell(seed);
    test(&mut Cases::new(seed));
    drop(tell);
}

/// A source of cases.
pub struct Cases {
    state: u64,
}

impl Cases {
    /// The source with this seed.
    pub fn new(seed: u64) -> Self {
        Self { state: seed.wrapping_mul(0xd1342543de82ef95) }
    }

    /// Any number (SplitMix64).
    pub fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e3779b97f4a7c15);
        let z = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58476d1ce4e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d049bb133111eb);
        z ^ (z >> 31)
    }

    /// A number below `n`, which is not 0.
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: isize, high: isize) -> isize {
        low + self.below((high - low + 1) as usize) as isize
    }

    /// True once in `n` times.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// One of these.
    pub fn one_of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }

    /// The numbers below `n` in any order.
    pub fn order(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for i in (1..n).rev() {
            order.swap(i, self.below(i + 1));
        }
        order
    }

    /// The size of an axis: small, often 1, now and then 0.
    pub fn size(&mut self) -> usize {
        self.one_of(&[0, 1, 1, 2, 2, 3, 3, 4, 5, 7])
    }

    /// A shape of rank 0 to 4; once in a while of rank 8; seldom with a long axis. Never more than some thousands of
    /// elements.
    pub fn shape(&mut self) -> Vec<usize> {
        match self.below(12) {
            0 => vec![],
            1 => (0..8).map(|_| self.one_of(&[1, 1, 1, 2, 2, 3])).collect(),
            2 => {
                let mut shape = vec![self.one_of(&[17, 64, 130, 300])];
                shape.insert(self.below(2), self.one_of(&[1, 2, 5]));
                shape
            }
            _ => (0..1 + self.below(4)).map(|_| self.size()).collect(),
        }
    }

    /// A shape with at least one axis.
    pub fn shape_with_axes(&mut self) -> Vec<usize> {
        loop {
            let shape = self.shape();
            if !shape.is_empty() {
                return shape;
            }
        }
    }

    /// An axis of this shape, counted from the front or, negative, from the end; and which it is.
    pub fn axis(&mut self, shape: &[usize]) -> (isize, usize) {
        let axis = self.below(shape.len());
        let from_end = axis as isize - shape.len() as isize;
        (if self.one_in(2) { axis as isize } else { from_end }, axis)
    }

    /// A shape that broadcasts to this one: sizes become 1, leading axes go.
    pub fn smaller(&mut self, shape: &[usize]) -> Vec<usize> {
        let skip = if self.one_in(3) { self.below(shape.len() + 1) } else { 0 };
        shape[skip..].iter().map(|&s| if self.one_in(4) { 1 } else { s }).collect()
    }

    /// Two shapes that broadcast against each other, and what they broadcast to.
    pub fn broadcasting(&mut self) -> (Vec<usize>, Vec<usize>, Vec<usize>) {
        let whole = self.shape();
        let a = self.smaller(&whole);
        let b = self.smaller(&whole);
        let rank = a.len().max(b.len());
        let size =
            |x: &[usize], axis: usize| (axis + x.len()).checked_sub(rank).map_or(1, |i| x[i]);
        let both = (0..rank)
            .map(|axis| match (size(&a, axis), size(&b, axis)) {
                (1, s) | (s, _) => s,
            })
            .collect();
        (a, b, both)
    }

    /// A tensor of this shape, its elements from `value`, that lies in its buffer in any way a view can. Along an axis
    /// that came out broadcast, the elements are equal.
    pub fn tensor<T: Element>(
        &mut self,
        shape: &[usize],
        mut value: impl FnMut(&mut Self) -> T,
    ) -> Tensor<T> {
        if self.one_in(4) {
            return Tensor::from_fn(shape, |_| value(self));
        }
        // The axes in the order of memory, and how each is read.
        let order = self.order(shape.len());
        let reads: Vec<Read> = order.iter().map(|&axis| self.read(shape[axis])).collect();
        let stored: Vec<usize> = reads.iter().map(|r| r.stored).collect();
        let buffer = Tensor::from_fn(&stored, |_| value(self));
        let slices: Vec<Slice> = reads.iter().map(|r| r.slice).collect();
        let read = buffer.slice(&slices).unwrap();
        let wide: Vec<usize> = order.iter().map(|&axis| shape[axis]).collect();
        let mut back = vec![0; shape.len()];
        for (place, &axis) in order.iter().enumerate() {
            back[axis] = place as isize;
        }
        let x = read.expand(&wide).unwrap().permute(&back).unwrap();
        assert_eq!(x.shape(), shape);
        x
    }

    fn read(&mut self, size: usize) -> Read {
        if size > 0 && self.one_in(6) {
            return Read { stored: 1, slice: Slice::Range { start: 0, end: None, step: 1 } };
        }
        let step = if size < 100 { self.one_of(&[1, 1, 1, -1, 2, -2, 3]) } else { 1 };
        let (before, after) = (self.one_of(&[0, 0, 1, 2]), self.one_of(&[0, 0, 1, 2]));
        // The last place read is the last of its stride.
        let reach = (size.max(1) - 1) * isize::unsigned_abs(step) + usize::from(size > 0);
        let (start, end) = (before as isize, (before + reach) as isize);
        Read { stored: before + reach + after, slice: Slice::Range { start, end: Some(end), step } }
    }

    /// A view of this tensor: some of transposed, sliced, reversed, with another axis, broadcast.
    pub fn view<T: Element>(&mut self, x: &Tensor<T>) -> Tensor<T> {
        let mut x = x.clone();
        for _ in 0..self.below(4) {
            let shape = x.shape().to_vec();
            let axis = if shape.is_empty() { 0 } else { self.below(shape.len()) };
            x = match self.below(6) {
                0 => x.unsqueeze(self.between(0, shape.len() as isize)).unwrap(),
                1 => x.t(),
                _ if shape.is_empty() => x,
                2 => x.flip(axis as isize).unwrap(),
                3 if shape[axis] == 1 => {
                    let mut wide = shape.clone();
                    wide[axis] = self.below(4);
                    x.expand(&wide).unwrap()
                }
                4 => {
                    let start = self.below(shape[axis] + 1);
                    let len = self.below(shape[axis] - start + 1);
                    x.narrow(axis as isize, start, len).unwrap()
                }
                _ => {
                    let mut slices = vec![Slice::from(..); axis];
                    slices.push(Slice::from(..).step(self.one_of(&[2, -2, 3])));
                    x.slice(&slices).unwrap()
                }
            };
        }
        x
    }

    /// A whole number near 0, so that ties are many.
    pub fn small(&mut self) -> f64 {
        self.between(-3, 3) as f64
    }

    /// A number between -2 and 2.
    pub fn number(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 51) as f64 - 2.0
    }

    /// A small whole number, or NaN, an infinity or a negative zero.
    pub fn special(&mut self) -> f64 {
        match self.below(12) {
            0 => f64::NAN,
            1 => f64::INFINITY,
            2 => f64::NEG_INFINITY,
            3 => -0.0,
            _ => self.small(),
        }
    }
}

/// How an axis of a buffer is read.
struct Read {
    stored: usize,
    slice: Slice,
}

/// Every index of a shape, in row-major order.
pub fn indices(shape: &[usize]) -> Vec<Vec<usize>> {
    let mut all = vec![vec![]];
    for &size in shape {
        all = all
            .iter()
            .flat_map(|index| (0..size).map(move |i| [&index[..], &[i]].concat()))
            .collect();
    }
    all
}

/// The element of `x` that is read at `index` of a shape that `x` broadcasts to.
pub fn broadcast_get<T: Element>(x: &Tensor<T>, index: &[usize]) -> T {
    let skip = index.len() - x.rank();
    let own: Vec<usize> =
        index[skip..].iter().zip(x.shape()).map(|(&i, &s)| if s == 1 { 0 } else { i }).collect();
    x.get(&own).unwrap()
}

/// Equal shapes and equal elements, NaN equal to itself.
#[track_caller]
pub fn assert_same<T: Element>(got: &Tensor<T>, expected: &Tensor<T>) {
    assert_eq!(got.shape(), expected.shape(), "shapes: {got} and {expected}");
    for (i, (a, b)) in got.iter().zip(expected.iter()).enumerate() {
        #[allow(clippy::eq_op)]
        let both_nan = a != a && b != b;
        assert!(a == b || both_nan, "place {i}: {a} and {b}\n  got {got}\n  for {expected}");
    }
}
