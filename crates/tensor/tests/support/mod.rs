//! Random tensors, and random views of them, from a seed.
#![allow(
    clippy::unwrap_used,
    dead_code,
    unreachable_pub,
    reason = "each test binary uses its part"
)]

use wengert_tensor::{Element, Slice, Tensor};

/// A small generator of its own, so that a failure can be repeated anywhere.
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// SplitMix64.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    pub fn flip(&mut self) -> bool {
        self.below(2) == 1
    }

    /// Between -2 and 2.
    pub fn number(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 51) as f64 - 2.0
    }

    pub fn shuffled(&mut self, n: usize) -> Vec<isize> {
        let mut order: Vec<isize> = (0..n as isize).collect();
        for i in (1..n).rev() {
            order.swap(i, self.below(i + 1));
        }
        order
    }

    /// A shape of any rank up to 5: mostly small sizes, now and then 0, 1, or a long axis.
    pub fn shape(&mut self) -> Vec<usize> {
        let rank = self.below(6);
        let mut shape: Vec<usize> = (0..rank).map(|_| 1 + self.below(4)).collect();
        if rank > 0 {
            let at = self.below(rank);
            match self.below(8) {
                0 => shape[at] = 0,
                1 => shape[at] = 1,
                2 | 3 => shape[at] = 15 + self.below(20),
                4 if rank <= 2 => shape[at] = 200 + self.below(2000),
                5 if rank == 2 => shape = vec![20 + self.below(60), 20 + self.below(60)],
                _ => {}
            }
        }
        shape
    }

    /// A view of this shape of a larger buffer: its axes stored in any order, stepped, reversed, broadcast, cut out.
    pub fn view<T: Element>(
        &mut self,
        shape: &[usize],
        mut element: impl FnMut(&mut Self) -> T,
    ) -> Tensor<T> {
        let rank = shape.len();
        let order = if self.flip() { self.shuffled(rank) } else { (0..rank as isize).collect() };
        let plain = self.below(3) == 0;
        // What is taken of each stored axis, and its stored size.
        let mut stored = shape.to_vec();
        let mut slices = vec![Slice::from(..); rank];
        for axis in 0..rank {
            let size = shape[axis];
            match if plain { 0 } else { self.below(7) } {
                1 if size > 0 => {
                    stored[axis] = 1;
                }
                2 => {
                    stored[axis] = size + 3;
                    slices[axis] = Slice::from(2..size as isize + 2);
                }
                3 => {
                    stored[axis] = 2 * size + 1;
                    slices[axis] = Slice::from(1..2 * size as isize + 1).step(2);
                }
                4 => {
                    slices[axis] = Slice::from(..).step(-1);
                }
                5 => {
                    stored[axis] = 3 * size + 1;
                    slices[axis] = Slice::from(1..3 * size as isize + 1).step(-3);
                }
                _ => {}
            }
        }
        let permuted: Vec<usize> = order.iter().map(|&i| stored[i as usize]).collect();
        let buffer = Tensor::from_fn(&permuted, |_| element(self));
        let mut back = vec![0; rank];
        for (place, &axis) in order.iter().enumerate() {
            back[axis as usize] = place as isize;
        }
        let x = buffer.permute(&back).unwrap().slice(&slices).unwrap();
        let x = x.expand(shape).unwrap();
        assert_eq!(x.shape(), shape);
        x
    }

    pub fn floats(&mut self, shape: &[usize]) -> Tensor<f64> {
        self.view(shape, Self::number)
    }

    pub fn integers(&mut self, shape: &[usize]) -> Tensor<i64> {
        self.view(shape, |rng| rng.below(19) as i64 - 9)
    }
}

/// Every index of a shape, in row-major order.
pub fn indices(shape: &[usize]) -> Vec<Vec<usize>> {
    let mut all = vec![vec![]];
    for &size in shape {
        all = all
            .into_iter()
            .flat_map(|index| (0..size).map(move |i| [&index[..], &[i]].concat()))
            .collect();
    }
    all
}

/// The elements in row-major order, one by one.
pub fn elements<T: Element>(x: &Tensor<T>) -> Vec<T> {
    indices(x.shape()).iter().map(|i| x.get(i).unwrap()).collect()
}

/// The same elements in a buffer of their own, moved one by one.
pub fn copy<T: Element>(x: &Tensor<T>) -> Tensor<T> {
    Tensor::from_vec(elements(x), x.shape()).unwrap()
}

/// The index's part without the reduced axes; with them kept, as 0.
pub fn kept(index: &[usize], axes: &[bool], keep: bool) -> Vec<usize> {
    let pairs = index.iter().zip(axes);
    if keep {
        pairs.map(|(&i, &gone)| if gone { 0 } else { i }).collect()
    } else {
        pairs.filter(|(_, gone)| !**gone).map(|(&i, _)| i).collect()
    }
}

/// Equal bits; any NaN equals any other.
pub fn same_bits(a: &Tensor<f64>, b: &Tensor<f64>) -> bool {
    let bits = |x: f64| if x.is_nan() { u64::MAX } else { x.to_bits() };
    a.shape() == b.shape() && a.iter().zip(b.iter()).all(|(a, b)| bits(a) == bits(b))
}

/// Equal bits; any NaN equals any other.
pub fn same_bits_f32(a: &Tensor<f32>, b: &Tensor<f32>) -> bool {
    same_bits(&a.cast(), &b.cast())
}

/// Equal to within a relative and absolute `tolerance`; NaN and infinities alike.
pub fn close(a: f64, b: f64, tolerance: f64) -> bool {
    a == b
        || (a.is_nan() && b.is_nan())
        || (a - b).abs() <= tolerance * (1.0 + a.abs().max(b.abs()))
}

/// The tensor of this shape whose element at each index is `f` of it, which `got` must be.
#[track_caller]
pub fn check<T: Element>(got: &Tensor<T>, shape: &[usize], f: impl Fn(&[usize]) -> T) {
    assert_eq!(got.shape(), shape);
    for index in indices(shape) {
        assert_eq!(got.get(&index).unwrap(), f(&index), "at {index:?} of {shape:?}");
    }
    // What reads it as a whole sees the same.
    let expected = copy(got);
    assert_eq!(*got, expected);
    assert_eq!(got.to_vec(), expected.to_vec());
    assert_eq!(got.contiguous().as_slice().unwrap(), expected.as_slice().unwrap());
    assert_eq!(got.iter().collect::<Vec<_>>(), expected.to_vec());
}
