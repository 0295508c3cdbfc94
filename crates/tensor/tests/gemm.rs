//! Products against a plain loop in f64: every level, layout, start and thread count. Recurrent nets on any number of threads.

use std::sync::Mutex;
use wengert_tensor::kernel::gemm::{GemmElem, Init, Mat, gemm};
use wengert_tensor::kernel::{level, pool};
use wengert_tensor::recurrent::{Back, Direction, Recurrence, Step};
use wengert_tensor::{Float, Rng, Tensor};

/// The level and the number of threads belong to the process: one test at a time.
static ONE: Mutex<()> = Mutex::new(());

trait Elem: GemmElem + PartialEq + std::fmt::Debug {
    const EPS: f64;
    const NAN: Self;
    fn of(x: f64) -> Self;
    fn to(self) -> f64;
    fn bits(self) -> u64;
}
impl Elem for f32 {
    const EPS: f64 = 1.2e-7;
    const NAN: f32 = f32::NAN;
    fn of(x: f64) -> f32 {
        x as f32
    }
    fn to(self) -> f64 {
        f64::from(self)
    }
    fn bits(self) -> u64 {
        u64::from(self.to_bits())
    }
}
impl Elem for f64 {
    const EPS: f64 = 2.3e-16;
    const NAN: f64 = f64::NAN;
    fn of(x: f64) -> f64 {
        x
    }
    fn to(self) -> f64 {
        self
    }
    fn bits(self) -> u64 {
        self.to_bits()
    }
}

struct Random(u64);
impl Random {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64 - 0.5
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Lay {
    Row,
    Column,
    Gaps,
    ColumnGaps,
    Reversed,
    ColumnReversed,
    RowBroadcast,
    ColumnBroadcast,
    Broadcast,
}
use Lay::*;
const LAYS: [Lay; 9] = [
    Row,
    Column,
    Gaps,
    ColumnGaps,
    Reversed,
    ColumnReversed,
    RowBroadcast,
    ColumnBroadcast,
    Broadcast,
];

/// Exactly the memory that the layout needs, so that a sanitizer sees every step beyond it.
struct Held<T> {
    data: Vec<T>,
    first: usize,
    rs: isize,
    cs: isize,
}
impl<T: Elem> Held<T> {
    fn new(r: usize, c: usize, lay: Lay, random: &mut Random) -> Self {
        let (ri, ci) = (r as isize, c as isize);
        let (rs, cs) = match lay {
            Row => (ci, 1),
            Column => (1, ri),
            Gaps => (2 * ci + 1, 2),
            ColumnGaps => (3, 3 * ri + 2),
            Reversed => (-ci, -1),
            ColumnReversed => (-1, ri + 1),
            RowBroadcast => (0, 1),
            ColumnBroadcast => (1, 0),
            Broadcast => (0, 0),
        };
        let (dr, dc) = ((ri - 1).max(0) * rs, (ci - 1).max(0) * cs);
        let low = dr.min(0) + dc.min(0);
        let high = dr.max(0) + dc.max(0);
        let len = if r * c == 0 { 0 } else { (high - low) as usize + 1 };
        let data = (0..len).map(|_| T::of(random.next())).collect();
        Self { data, first: -low as usize, rs, cs }
    }
    fn mat(&self) -> Mat<T> {
        Mat { ptr: self.data.as_ptr().wrapping_add(self.first), rs: self.rs, cs: self.cs }
    }
    fn get(&self, i: usize, j: usize) -> f64 {
        let at = self.first as isize + i as isize * self.rs + j as isize * self.cs;
        self.data[at as usize].to()
    }
}

/// A product, and what a plain loop in f64 makes of it: each element's sum, and the sum of its terms' sizes.
struct Case<T> {
    shape: [usize; 3],
    held: [Held<T>; 2],
    lays: [Lay; 2],
    bias: Vec<T>,
    before: Vec<T>,
    kind: usize,
    ldc: usize,
    wanted: Vec<(f64, f64)>,
}
impl<T: Elem> Case<T> {
    fn new([m, n, k]: [usize; 3], lays: [Lay; 2], kind: usize, gap: usize) -> Self {
        let mut random = Random(0x9e37_79b9_7f4a_7c15 ^ (m * 7919 + n * 131 + k) as u64);
        let a = Held::<T>::new(m, k, lays[0], &mut random);
        let b = Held::<T>::new(k, n, lays[1], &mut random);
        let bias: Vec<T> = (0..m.max(n)).map(|_| T::of(random.next())).collect();
        let ldc = n + gap;
        let len = if m * n == 0 { 0 } else { (m - 1) * ldc + n };
        let before: Vec<T> = (0..len).map(|_| T::of(random.next())).collect();
        let rows: Vec<f64> = (0..k * n).map(|at| b.get(at / n, at % n)).collect();
        let mut wanted = Vec::with_capacity(m * n);
        for i in 0..m {
            wanted.extend((0..n).map(|j| match kind {
                0 => (0.0, 0.0),
                1 => (before[i * ldc + j].to(), 1.0),
                2 => (bias[j].to(), 1.0),
                _ => (bias[i].to(), 1.0),
            }));
            for (p, row) in rows.chunks_exact(n.max(1)).enumerate() {
                let x = a.get(i, p);
                for ((sum, size), y) in wanted[i * n..].iter_mut().zip(row) {
                    *sum += x * y;
                    *size += (x * y).abs();
                }
            }
        }
        Self { shape: [m, n, k], held: [a, b], lays, bias, before, kind, ldc, wanted }
    }

    /// At the level in force.
    fn holds(&self) {
        let Self { shape: [m, n, k], ref held, ldc, kind, .. } = *self;
        let mut c = if kind == 1 { self.before.clone() } else { vec![T::NAN; self.before.len()] };
        let init = match kind {
            0 => Init::Zero,
            1 => Init::Accumulate,
            2 => Init::Row(self.bias.as_ptr()),
            _ => Init::Column(self.bias.as_ptr()),
        };
        let marks: Vec<u64> = c.iter().map(|x| x.bits()).collect();
        // SAFETY: the matrices are as large as the shapes say.
        unsafe { gemm(m, n, k, held[0].mat(), held[1].mat(), init, c.as_mut_ptr(), ldc) };
        let what =
            || format!("{m}x{n}x{k} {:?} init {kind} row {ldc} {:?}", self.lays, level::level());
        for (at, &(sum, size)) in self.wanted.iter().enumerate() {
            let (i, j) = (at / n, at % n);
            let got = c[i * ldc + j].to();
            let off = (got - sum).abs();
            assert!(
                off <= (4.0 + k as f64) * T::EPS * size,
                "{} at {i},{j}: {got} for {sum}",
                what()
            );
        }
        for at in (0..c.len()).filter(|at| at % ldc >= n) {
            assert_eq!(c[at].bits(), marks[at], "{}: wrote between rows", what());
        }
    }
}

/// At every level: what is wanted is found once.
fn check<T: Elem>([m, n, k]: [usize; 3], lays: [Lay; 2], kind: usize, gap: usize) {
    let case = Case::<T>::new([m, n, k], lays, kind, gap);
    levels(|| case.holds());
}

fn levels(f: impl Fn()) {
    let _one = ONE.lock().unwrap_or_else(|e| e.into_inner());
    for l in level::available() {
        level::force(l);
        f();
    }
    level::force(level::best());
}

fn all_small<T: Elem>() {
    let (mut turn, most) = (0usize, if cfg!(debug_assertions) { 20 } else { 34 });
    for m in 0..=most {
        for n in 0..=most {
            for k in 0..=most {
                // The plain layouts for every shape, the others and the starts in turn.
                turn += 1;
                check::<T>([m, n, k], [Row, Row], turn % 4, turn % 2);
                check::<T>([m, n, k], [Row, Column], (turn + 1) % 4, 0);
                check::<T>([m, n, k], [Column, Row], (turn + 2) % 4, 0);
                let lays = [LAYS[turn * 7 % 9], LAYS[turn / 9 % 9]];
                check::<T>([m, n, k], lays, turn / 81 % 4, turn % 3);
            }
        }
    }
}

#[test]
fn small_f32() {
    all_small::<f32>();
}

#[test]
fn small_f64() {
    all_small::<f64>();
}

fn odd_ones<T: Elem>() {
    let shapes = [
        (1, 300, 700),
        (1, 33, 129),
        (300, 1, 700),
        (129, 1, 33),
        (1, 1, 1000),
        (2, 77, 300),
        (7, 130, 45),
        (8, 40, 530),
        (9, 40, 530),
        (29, 17, 600),
        (31, 65, 257),
        (65, 127, 513),
        (130, 97, 255),
        (97, 200, 1),
        (200, 33, 2),
        (33, 500, 16),
        (113, 113, 113),
        (901, 35, 37),
        (1000, 18, 300),
        (64, 10, 128),
        (128, 10, 128),
        (40, 1030, 19),
    ];
    for (s, (m, n, k)) in shapes.into_iter().enumerate() {
        for (q, la) in LAYS.into_iter().enumerate() {
            for (r, lb) in LAYS.into_iter().enumerate() {
                check::<T>([m, n, k], [la, lb], (s + q + r) % 4, (q + r) % 2);
            }
        }
    }
}

#[test]
fn odd_f32() {
    odd_ones::<f32>();
}

#[test]
fn odd_f64() {
    odd_ones::<f64>();
}

fn bits<T: Elem>(m: usize, n: usize, k: usize, la: Lay, lb: Lay, threads: usize) -> Vec<u64> {
    let mut random = Random(77);
    let a = Held::<T>::new(m, k, la, &mut random);
    let b = Held::<T>::new(k, n, lb, &mut random);
    let bias: Vec<T> = (0..n).map(|_| T::of(random.next())).collect();
    let mut c = vec![T::NAN; m * n];
    pool::set_threads(threads);
    // SAFETY: the matrices are as large as the shapes say.
    unsafe { gemm(m, n, k, a.mat(), b.mat(), Init::Row(bias.as_ptr()), c.as_mut_ptr(), n) };
    pool::set_threads(1);
    c.into_iter().map(Elem::bits).collect()
}

fn same_bits<T: Elem>() {
    let shapes = [
        (128, 256, 784),
        (256, 784, 128),
        (131, 257, 301),
        (1, 2003, 1500),
        (2003, 1, 1500),
        (5, 1003, 700),
        (20, 1003, 700),
        (3001, 10, 200),
        (10, 3001, 200),
        (900, 700, 3),
        (1801, 61, 43),
    ];
    for (m, n, k) in shapes {
        for (la, lb) in [(Row, Row), (Row, Column), (Column, Row), (Column, Column)] {
            let one = bits::<T>(m, n, k, la, lb, 1);
            for threads in [2, 3, 8] {
                assert!(one == bits::<T>(m, n, k, la, lb, threads), "{m}x{n}x{k} {la:?} {lb:?}");
            }
        }
    }
}

#[test]
fn threads_change_no_bit() {
    levels(|| {
        same_bits::<f32>();
        same_bits::<f64>();
    });
}

/// The states and gradients of a batch of sequences, or of one of them alone: each `[steps, batch, width]`.
fn sequences<T: Float>(step: Step, direction: Direction, alone: Option<usize>) -> Vec<Tensor<f64>> {
    let (time, hidden) = (20, 45);
    let wide = step.gates() * hidden;
    let mut rng = Rng::new(3);
    let mut random = |steps: usize, width: usize| {
        let all = Tensor::<T>::randn([steps, BATCH, width], &mut rng);
        alone.map_or(all.clone(), |one| all.narrow(1, one, 1).expect("a sequence"))
    };
    let memory = usize::from(step == Step::Lstm);
    let (x, g) = (random(time, wide), random(time + memory, hidden));
    let [h, c] = [0; 2].map(|_| random(1, hidden).squeeze(0).expect("one step"));
    let mut rng = Rng::new(4);
    let u = Tensor::<T>::uniform([wide, hidden], -0.1, 0.1, &mut rng).expect("a range");
    let d = Tensor::<T>::randn([wide], &mut rng);
    let c = (memory == 1).then_some(&c);
    let net = Recurrence { step, direction, x: &x, h: &h, c, u: &u, d: Some(&d) };
    let (y, kept) = net.forward().expect("shapes that fit");
    let Back { x, u, h, c } = net.back(&g, &y, &kept).expect("the same");
    let first = [Some(h), c].into_iter().flatten().map(|x| x.unsqueeze(0).expect("a new axis"));
    [y, x, u].into_iter().chain(first).map(|x| x.cast()).collect()
}

const BATCH: usize = 44;

fn sequences_have_the_same_bits<T: Float>() {
    for step in [Step::Tanh, Step::Relu, Step::Gru, Step::Lstm] {
        for direction in [Direction::Forward, Direction::Backward] {
            pool::set_threads(1);
            let one = sequences::<T>(step, direction, None);
            for i in 0..BATCH {
                for (all, alone) in one.iter().zip(sequences::<T>(step, direction, Some(i))) {
                    let of_all = all.narrow(1, i, 1).expect("a sequence");
                    assert!(of_all == alone, "{step:?} {direction:?}: {i} alone");
                }
            }
            for threads in [2, 3, 8] {
                pool::set_threads(threads);
                let jobs = pool::shared_jobs();
                let shared = sequences::<T>(step, direction, None);
                assert!(pool::shared_jobs() > jobs, "{step:?}: the helpers had nothing to do");
                assert!(one == shared, "{step:?} {direction:?} with {threads} threads");
            }
        }
    }
    pool::set_threads(1);
}

#[test]
#[cfg_attr(miri, ignore = "too long")]
fn sequences_have_the_same_bits_in_any_batch_and_on_any_number_of_threads() {
    levels(|| {
        sequences_have_the_same_bits::<f32>();
        sequences_have_the_same_bits::<f64>();
    });
}

#[test]
fn large() {
    for lays in [[Row, Row], [Row, Column], [Column, Row], [Column, Column], [Gaps, Reversed]] {
        let first = Case::<f32>::new([301, 333, 517], lays, 2, 0);
        let double = Case::<f64>::new([301, 333, 517], lays, 1, 3);
        let tall = Case::<f32>::new([1000, 70, 900], lays, 1, 0);
        levels(|| {
            pool::set_threads(2);
            first.holds();
            double.holds();
            tall.holds();
            pool::set_threads(1);
        });
    }
}

/// 2¹⁸ equal terms, whose roundings all err to one side: a single chain of them is off by 7·10⁻⁴.
fn long_sums<T: Elem>(k: usize) {
    let bound = (512.0 + k as f64 / 512.0) * T::EPS / 2.0;
    for (m, n) in [(1, 1), (1, 40), (40, 1), (2, 5), (9, 3), (29, 17)] {
        for (la, lb) in [(Row, Row), (Row, Column), (Column, Row), (Column, Column), (Gaps, Gaps)] {
            let mut random = Random(5);
            let mut a = Held::<T>::new(m, k, la, &mut random);
            let mut b = Held::<T>::new(k, n, lb, &mut random);
            a.data.fill(T::of(0.1));
            b.data.fill(T::of(0.7));
            let wanted = k as f64 * T::of(0.1).to() * T::of(0.7).to();
            let mut c = vec![T::NAN; m * n];
            // SAFETY: the matrices are as large as the shapes say.
            unsafe { gemm(m, n, k, a.mat(), b.mat(), Init::Zero, c.as_mut_ptr(), n) };
            for x in c {
                let off = (x.to() / wanted - 1.0).abs();
                assert!(off <= bound, "{m}x{n}x{k} {la:?} {lb:?}: off by {off:e}, not {bound:e}");
            }
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "too long")]
fn the_error_of_long_sums_does_not_grow_with_their_length() {
    levels(|| {
        long_sums::<f32>(1 << 18);
        long_sums::<f32>(100_003);
        long_sums::<f64>(5000);
    });
}
