//! An update in one pass gives what a plain loop over the elements gives, bit for bit, on every instruction set.

use std::sync::{Mutex, PoisonError};

use wengert_tensor::kernel::level::{available, best, force};
use wengert_tensor::kernel::pool::shared_jobs;
use wengert_tensor::pointwise::{C, ONE, Real, Update, update_in_place, update_rows_in_place};
use wengert_tensor::{Error, Float, Tensor, set_threads, tensor};

/// Four states, and the kinds of thing that optimisers do with them: decay, squares, a maximum, a root, a quotient.
#[derive(Clone, Copy)]
struct Everything {
    rate: C,
    keep: C,
}

impl Update<4> for Everything {
    #[inline(always)]
    fn step<R: Real>(self, [p, m, v, top]: [R; 4], g: R) -> [R; 4] {
        let m = self.keep * m + (ONE - self.keep) * g;
        let v = self.keep * v + (ONE - self.keep) * g * g;
        let top = top.max(v);
        [p - self.rate * m / (top.sqrt() + C(1e-8)), m, v, top]
    }
}

#[derive(Clone, Copy)]
struct Descend(C);

impl Update<1> for Descend {
    #[inline(always)]
    fn step<R: Real>(self, [p]: [R; 1], g: R) -> [R; 1] {
        [p - self.0 * g]
    }
}

/// The level is the process's: tests that set it take turns.
static LEVEL: Mutex<()> = Mutex::new(());

fn draw<T: Float>(len: usize, seed: u32) -> Tensor<T> {
    let mut state = seed;
    Tensor::from_fn([len], |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        T::from_f64(f64::from(state >> 8) / f64::from(1 << 23) - 1.0)
    })
}

macro_rules! same_as_a_loop {
    ($name:ident $t:ident) => {
        #[test]
        fn $name() {
            let _turn = LEVEL.lock().unwrap_or_else(PoisonError::into_inner);
            for level in available() {
                force(level);
                for len in [0, 1, 2, 7, 15, 16, 17, 31, 64, 100, 1000, 140_000] {
                    let [mut p, mut m, mut v, mut top] = [1, 2, 3, 4].map(|s| draw::<$t>(len, s));
                    (v, top) = (v.square(), top.square());
                    let g = draw::<$t>(len, 5);
                    let (given, rate, keep) = (g.to_vec(), 0.1, 0.9);
                    let mut expected: [Vec<$t>; 4] = [&p, &m, &v, &top].map(|x| x.to_vec());
                    for i in 0..len {
                        let g = given[i];
                        let [p, m, v, top] = &mut expected;
                        m[i] = keep as $t * m[i] + (1.0 - keep) as $t * g;
                        v[i] = keep as $t * v[i] + (1.0 - keep) as $t * g * g;
                        top[i] = if top[i] > v[i] { top[i] } else { v[i] };
                        p[i] -= rate as $t * m[i] / (top[i].sqrt() + 1e-8);
                    }
                    let f = Everything { rate: C(rate), keep: C(keep) };
                    update_in_place(f, [&mut p, &mut m, &mut v, &mut top], &g).unwrap();
                    for (got, expected) in [p, m, v, top].iter().zip(&expected) {
                        assert_eq!(&got.to_vec(), expected, "{len} elements, {level:?}");
                    }
                }
            }
            force(best());
        }
    };
}
same_as_a_loop!(f32_is_as_a_plain_loop f32);
same_as_a_loop!(f64_is_as_a_plain_loop f64);

#[test]
fn writes_in_place_if_held_once_and_never_into_a_snapshot() {
    let mut p = tensor![1.0_f32, 2.0];
    let place = p.as_slice().unwrap().as_ptr();
    update_in_place(Descend(C(0.5)), [&mut p], &tensor![2.0, 2.0]).unwrap();
    assert_eq!(p.as_slice().unwrap().as_ptr(), place);

    let snapshot = p.clone();
    update_in_place(Descend(C(0.5)), [&mut p], &tensor![2.0, 2.0]).unwrap();
    assert_eq!((p, snapshot), (tensor![-1.0, 0.0], tensor![0.0, 1.0]));
}

#[test]
fn views_are_read_as_they_lie() {
    let mut p = tensor![[1.0_f64, 2.0], [3.0, 4.0]].t();
    let g = tensor![[1.0, 2.0], [3.0, 4.0]].t();
    update_in_place(Descend(C(1.0)), [&mut p], &g).unwrap();
    assert_eq!(p, Tensor::zeros([2, 2]));
    // Its own gradient, one buffer.
    let mut p = tensor![1.0_f64, 2.0];
    let g = p.clone();
    update_in_place(Descend(C(1.0)), [&mut p], &g).unwrap();
    assert_eq!((p, g), (tensor![0.0, 0.0], tensor![1.0, 2.0]));
}

#[test]
fn nothing_broadcasts() {
    let mut p = tensor![1.0_f32, 2.0];
    let error = update_in_place(Descend(C(1.0)), [&mut p], &tensor![1.0]).unwrap_err();
    assert!(matches!(error, Error::Shape(_)));
    let text = error.to_string();
    assert!(text.starts_with("update_in_place: [2] and [1]: a tensor and"), "{text}");
    assert!(text.contains("tests/update.rs"), "{text}");
}

#[test]
fn rows_are_rewritten_with_the_same_bits_on_any_number_of_threads() {
    let _turn = LEVEL.lock().unwrap_or_else(PoisonError::into_inner);
    let rows: Vec<usize> = (0..3000).map(|i| 3 * i + i % 2).collect();
    let twice: Vec<usize> = rows.iter().map(|row| row / 4).collect();
    let g = draw::<f32>(3000 * 64, 5).reshape([3000, 64]).expect("as many");
    for (rows, shared) in [(rows, true), (twice, false)] {
        let rows = Tensor::from(rows);
        let on = |threads: usize| {
            set_threads(threads);
            let mut p = draw::<f32>(9000 * 64, 1).reshape([9000, 64]).expect("as many");
            let jobs = shared_jobs();
            update_rows_in_place(Descend(C(0.1)), [&mut p], &rows, &g)
                .expect("rows that are there");
            (p, shared_jobs() > jobs)
        };
        let (one, _) = on(1);
        let (many, were_shared) = on(3);
        set_threads(1);
        assert!(one == many);
        // A row that comes twice is not given to two threads.
        assert_eq!(were_shared, shared);
        let first = rows.to_vec()[0];
        let expected = draw::<f32>(9000 * 64, 1).to_vec()[first * 64] - 0.1 * g.to_vec()[0];
        assert!(!shared || (one.to_vec()[first * 64] - expected).abs() < 1e-6);
    }
}
