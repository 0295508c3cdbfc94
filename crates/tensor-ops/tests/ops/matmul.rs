//! Matrix products of every pair of ranks, batched and broadcast, of random views, against three loops.

use crate::support::{Rng, check, close, indices};
use wengert_tensor::Tensor;

/// Row `i`, column `j` of the product of two matrices.
fn entry(a: &Tensor<f64>, b: &Tensor<f64>, i: usize, j: usize) -> f64 {
    (0..a.shape()[1]).map(|k| a.get(&[i, k]).unwrap() * b.get(&[k, j]).unwrap()).sum()
}

#[track_caller]
fn agree(got: &Tensor<f64>, expected: &Tensor<f64>) {
    assert_eq!(got.shape(), expected.shape());
    for index in indices(got.shape()) {
        let (a, b) = (got.get(&index).unwrap(), expected.get(&index).unwrap());
        assert!(close(a, b, 1e-12), "{a} and not {b} at {index:?}");
    }
}

fn product(a: &Tensor<f64>, b: &Tensor<f64>) -> Tensor<f64> {
    Tensor::from_fn([a.shape()[0], b.shape()[1]], |i| entry(a, b, i[0], i[1]))
}

#[test]
fn of_two_matrices() {
    let mut rng = Rng::new(1);
    for round in 0..150 {
        let most = if round % 10 == 0 { 90 } else { 20 };
        let [m, k, n] = [0; 3].map(|_| rng.below(most));
        let (a, b) = (rng.floats(&[m, k]), rng.floats(&[k, n]));
        let expected = product(&a, &b);
        agree(&a.matmul(&b).unwrap(), &expected);
        agree(&b.t().matmul(&a.t()).unwrap().t(), &expected);
        let single = a.cast::<f32>().matmul(&b.cast()).unwrap();
        for (x, y) in single.iter().zip(expected.iter()) {
            assert!(close(x.into(), y, 1e-4), "{x} and not {y}");
        }
    }
}

#[test]
fn of_vectors_and_matrices() {
    let mut rng = Rng::new(2);
    for _ in 0..50 {
        let [m, k] = [0; 2].map(|_| rng.below(40));
        let (a, x, y) = (rng.floats(&[m, k]), rng.floats(&[k]), rng.floats(&[m]));
        let (column, row) = (x.unsqueeze(1).unwrap(), y.unsqueeze(0).unwrap());
        agree(&a.matmul(&x).unwrap(), &product(&a, &column).reshape([m]).unwrap());
        agree(&y.matmul(&a).unwrap(), &product(&row, &a).reshape([k]).unwrap());
        let inner = product(&x.unsqueeze(0).unwrap(), &column).reshape([0; 0]).unwrap();
        agree(&x.matmul(&x).unwrap(), &inner);
        agree(&x.dot(&x).unwrap(), &inner);
        let outer = Tensor::from_fn([m, k], |i| y.get(&i[..1]).unwrap() * x.get(&i[1..]).unwrap());
        check(&y.outer(&x).unwrap(), &[m, k], |i| outer.get(i).unwrap());
    }
}

#[test]
fn of_batches() {
    let mut rng = Rng::new(3);
    for _ in 0..150 {
        let [m, k, n] = [0; 3].map(|_| rng.below(7));
        let batch: Vec<usize> = (0..rng.below(4)).map(|_| rng.below(4)).collect();
        let mut part = |rows: usize, columns: usize| {
            let mut shape = batch[rng.below(batch.len() + 1)..].to_vec();
            for size in &mut shape {
                if rng.below(3) == 0 {
                    *size = 1;
                }
            }
            shape.extend([rows, columns]);
            rng.floats(&shape)
        };
        let (a, b) = (part(m, k), part(k, n));
        let y = a.matmul(&b).unwrap();
        let batch = y.shape()[..y.rank() - 2].to_vec();
        let wide_a = a.expand([&batch[..], &[m, k]].concat()).unwrap();
        let wide_b = b.expand([&batch[..], &[k, n]].concat()).unwrap();
        for at in indices(&batch) {
            let matrix =
                |x: &Tensor<f64>| at.iter().fold(x.clone(), |x, &i| x.select(0, i).unwrap());
            agree(&matrix(&y), &product(&matrix(&wide_a), &matrix(&wide_b)));
        }
        // A vector beside a batch.
        let x = rng.floats(&[k]);
        let with_vector = a.matmul(&x).unwrap();
        agree(&with_vector, &a.matmul(&x.unsqueeze(1).unwrap()).unwrap().squeeze(-1).unwrap());
    }
}

#[test]
fn the_layer() {
    let mut rng = Rng::new(4);
    for _ in 0..60 {
        let [rows, inside, out] = [0; 3].map(|_| rng.below(20));
        let (weight, bias) = (rng.floats(&[out, inside]), rng.floats(&[out]));
        let shapes: [&[usize]; 3] = [&[rows, inside], &[inside], &[2, rows, inside]];
        for shape in shapes {
            let x = rng.floats(shape);
            let flat = x.reshape([shape[..shape.len() - 1].iter().product(), inside]).unwrap();
            let y = product(&flat, &weight.t());
            let shape = [&shape[..shape.len() - 1], &[out]].concat();
            agree(&x.linear(&weight, None).unwrap(), &y.reshape(&shape).unwrap());
            let shifted = (&y + &bias).reshape(&shape).unwrap();
            agree(&x.linear(&weight, Some(&bias)).unwrap(), &shifted);
        }
    }
}
