//! Fifty steps of each optimiser that looks at whole tensors, against the papers' formulas in plain loops over doubles.

use crate::common::draws;
use wengert_autograd::Param;
use wengert_optim::{Lamb, Lars, Muon, Optimizer};
use wengert_tensor::{Float, Tensor};

/// A matrix as its rows, or a vector as its only row.
type Rows = Vec<Vec<f64>>;
type Make = fn(Param<f32>) -> Box<dyn Optimizer<f32>>;
type Reference = Box<dyn FnMut(i32, &mut Rows, &Rows)>;

fn rows(shape: &[usize], mut f: impl FnMut() -> f64) -> Rows {
    let [height, width] = [shape[..shape.len() - 1].iter().product(), shape[shape.len() - 1]];
    (0..height).map(|_| (0..width).map(|_| f()).collect()).collect()
}

fn tensor<T: Float>(shape: &[usize], rows: &Rows) -> Tensor<T> {
    let elements: Vec<T> = rows.iter().flatten().map(|&x| T::from_f64(x)).collect();
    Tensor::from_vec(elements, shape).unwrap()
}

fn size(x: &Rows) -> f64 {
    x.iter().flatten().map(|x| x * x).sum::<f64>().sqrt()
}

/// Calls `f` for each element of `x` with those of the others at its place.
fn each<const N: usize>(x: &mut Rows, others: [&Rows; N], f: impl Fn(f64, [f64; N]) -> f64) {
    for i in 0..x.len() {
        for j in 0..x[i].len() {
            x[i][j] = f(x[i][j], others.map(|other| other[i][j]));
        }
    }
}

fn agrees<T: Float>(
    name: &str,
    make: impl Fn(Vec<Param<T>>) -> Box<dyn Optimizer<T>>,
    reference: impl Fn(&[usize]) -> Reference,
    tolerance: f64,
) {
    for shape in [vec![2, 3], vec![5, 2], vec![3, 3], vec![1, 4], vec![4, 1], vec![1, 1], vec![4]] {
        let mut draw = draws(5);
        let mut expected = rows(&shape, || f64::from(draw() as f32));
        let w = Param::<T>::new(tensor(&shape, &expected));
        let mut optimizer = make(vec![w.clone()]);
        let mut reference = reference(&shape);
        for t in 1..=50 {
            let g = rows(&shape, || f64::from(((draw() + 0.2) * 4.0) as f32));
            w.set_grad(Some(tensor(&shape, &g)));
            optimizer.step().unwrap();
            reference(t, &mut expected, &g);
            for (got, expected) in w.value().iter().zip(expected.iter().flatten()) {
                let off = (got.to_f64() - expected).abs();
                assert!(
                    off <= tolerance * expected.abs().max(1.0),
                    "{name} {shape:?}, step {t}: {got} {expected}"
                );
            }
        }
    }
}

macro_rules! traces {
    ($($test:ident: $make:expr, $reference:expr;)*) => {$(
        #[test]
        fn $test() {
            agrees::<f64>(stringify!($test), |w| Box::new(($make)(w)), $reference, 1e-11);
            agrees::<f32>(stringify!($test), |w| Box::new(($make)(w)), $reference, 1e-4);
        }
    )*};
}

traces! {
    lars: |w| Lars::new(w, 0.5).trust_coefficient(0.1).weight_decay(0.2).eps(1e-3), |shape| {
        let mut v = rows(shape, || 0.0);
        Box::new(move |_, p: &mut Rows, g: &Rows| {
            let local = 0.1 * size(p) / (size(g) + 0.2 * size(p) + 1e-3);
            each(&mut v, [p, g], |v, [p, g]| 0.9 * v + 0.5 * local * (g + 0.2 * p));
            each(p, [&v], |p, [v]| p - v);
        })
    };
    lars_without_a_ratio: |w| Lars::new(w, 0.01).momentum(0.5).without_trust_ratio().maximize(), |shape| {
        let mut v = rows(shape, || 0.0);
        Box::new(move |_, p: &mut Rows, g: &Rows| {
            each(&mut v, [g], |v, [g]| 0.5 * v - 0.01 * g);
            each(p, [&v], |p, [v]| p - v);
        })
    };
    lamb: |w| Lamb::new(w, 0.01).betas(0.8, 0.9).weight_decay(0.2), |shape| {
        let [mut m, mut v] = [0; 2].map(|_| rows(shape, || 0.0));
        Box::new(move |t, p: &mut Rows, g: &Rows| {
            each(&mut m, [g], |m, [g]| 0.8 * m + 0.2 * g);
            each(&mut v, [g], |v, [g]| 0.9 * v + 0.1 * g * g);
            let mut u = p.clone();
            each(&mut u, [&m, &v], |p, [m, v]| {
                let (m, v) = (m / (1.0 - 0.8_f64.powi(t)), v / (1.0 - 0.9_f64.powi(t)));
                m / (v.sqrt() + 1e-6) + 0.2 * p
            });
            let ratio = size(p) / size(&u);
            each(p, [&u], |p, [u]| p - 0.01 * ratio * u);
        })
    };
    muon: |w| Muon::new(w, 0.02).adamw_betas(0.8, 0.9).weight_decay(0.3), |shape| jordan(shape, true, false);
    muon_with_plain_momentum: |w| {
        Muon::new(w, 0.02).adamw_betas(0.8, 0.9).weight_decay(0.3).plain_momentum().match_rms_adamw()
    }, |shape| jordan(shape, false, true);
}

/// Jordan's formulas for a matrix, and AdamW's for a vector.
fn jordan(shape: &[usize], nesterov: bool, match_rms: bool) -> Reference {
    let [mut m, mut v] = [0; 2].map(|_| rows(shape, || 0.0));
    let matrix = shape.len() == 2;
    let [height, width] = [shape[0] as f64, shape[shape.len() - 1] as f64];
    Box::new(move |t, p, g| {
        each(p, [], |p, []| p * (1.0 - 0.02 * 0.3));
        if matrix {
            each(&mut m, [g], |m, [g]| 0.95 * m + 0.05 * g);
            let mut x = m.clone();
            if nesterov {
                each(&mut x, [g], |m, [g]| 0.95 * m + 0.05 * g);
            }
            let factor = if match_rms {
                0.2 * height.max(width).sqrt()
            } else {
                (height / width).max(1.0).sqrt()
            };
            each(p, [&newton_schulz(x)], |p, [x]| p - 0.02 * factor * x);
        } else {
            each(&mut m, [g], |m, [g]| 0.8 * m + 0.2 * g);
            each(&mut v, [g], |v, [g]| 0.9 * v + 0.1 * g * g);
            each(p, [&m, &v], |p, [m, v]| {
                let (m, v) = (m / (1.0 - 0.8_f64.powi(t)), v / (1.0 - 0.9_f64.powi(t)));
                p - 0.02 * m / (v.sqrt() + 1e-8)
            });
        }
    })
}

/// Five times X ← a·X + b·XXᵀX + c·XXᵀXXᵀX, written for any shape, from X over its norm.
fn newton_schulz(mut x: Rows) -> Rows {
    let length = size(&x).max(1e-7);
    each(&mut x, [], |x, []| x / length);
    for _ in 0..5 {
        let cubic = times(&times_turned(&x), &x);
        let quintic = times(&times_turned(&x), &cubic);
        each(&mut x, [&cubic, &quintic], |x, [y, z]| 3.4445 * x - 4.7750 * y + 2.0315 * z);
    }
    x
}

fn times(a: &Rows, b: &Rows) -> Rows {
    let of = |row: &Vec<f64>, j: usize| row.iter().zip(b).map(|(a, b)| a * b[j]).sum();
    a.iter().map(|row| (0..b[0].len()).map(|j| of(row, j)).collect()).collect()
}

/// XXᵀ
fn times_turned(x: &Rows) -> Rows {
    let of = |a: &Vec<f64>, b: &Vec<f64>| a.iter().zip(b).map(|(a, b)| a * b).sum();
    x.iter().map(|a| x.iter().map(|b| of(a, b)).collect()).collect()
}

/// The singular values of a step are near 1, however different those of the gradient were.
#[test]
fn a_step_of_muon_is_about_orthogonal() {
    for shape in [[3, 8], [8, 3]] {
        let w = Param::new(Tensor::<f64>::zeros(shape));
        let mut draw = draws(9);
        // Rows and columns of sizes from 1 to 10⁻².
        let g = Tensor::from_fn(shape, |at| draw() * 10_f64.powi(-((at[0] % 3) as i32)));
        w.set_grad(Some(g));
        Muon::new([w.clone()], 1.0).weight_decay(0.0).step().unwrap();
        let tall = (shape[0] as f64 / shape[1] as f64).max(1.0).sqrt();
        let step = w.value().div_scalar(tall);
        let step = if shape[0] > shape[1] { step.t() } else { step };
        // The squares of the singular values add up to the trace, and their squares to that of the square.
        let gram = step.matmul(&step.t()).unwrap();
        let trace = |x: &Tensor<f64>| (0..3).map(|k| x.get(&[k, k]).unwrap()).sum::<f64>();
        assert!((0.5..1.3).contains(&(trace(&gram) / 3.0)), "{gram}");
        let spread = trace(&gram.matmul(&gram).unwrap()) / 3.0 - (trace(&gram) / 3.0).powi(2);
        assert!(spread < 0.1, "{gram}");
    }
}

/// Empty parameters and gradients of 0 change nothing, and nothing becomes NaN.
#[test]
fn nothing_to_measure_is_no_fault() {
    for shape in [vec![0, 3], vec![3, 0], vec![2, 3], vec![0], vec![3]] {
        let makes: [Make; 3] = [
            |p| Box::new(Lars::new([p], 0.1)),
            |p| Box::new(Lamb::new([p], 0.1)),
            |p| Box::new(Muon::new([p], 0.1).weight_decay(0.0)),
        ];
        for make in makes {
            let w = Param::new(Tensor::ones(&shape));
            let mut optimizer = make(w.clone());
            for _ in 0..2 {
                w.set_grad(Some(Tensor::zeros(&shape)));
                optimizer.step().unwrap();
            }
            assert_eq!(
                w.value(),
                Tensor::ones(&shape),
                "{optimizer:?} {shape:?}",
                optimizer = optimizer.state()
            );
        }
    }
}

/// Gradients whose squares overflow have a norm all the same.
#[test]
fn a_gradient_beyond_the_root_of_the_largest_number_is_measured() {
    let makes: [Make; 2] = [
        |p| Box::new(Lars::new([p], 0.1).trust_coefficient(1.0)),
        |p| Box::new(Muon::new([p], 0.1).weight_decay(0.0)),
    ];
    for make in makes {
        let w = Param::new(Tensor::ones([2, 2]));
        w.set_grad(Some(Tensor::full([2, 2], 2e38)));
        make(w.clone()).step().unwrap();
        assert!(w.value().iter().all(|x| x < 1.0 && x > 0.8), "{w}");
    }
}
