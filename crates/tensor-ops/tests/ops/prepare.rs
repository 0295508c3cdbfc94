//! What data is prepared by: against plain loops, on views and shapes without elements, and at NaN and infinities.

use crate::support::{Rng, close, copy, indices, same_bits};
use wengert_tensor::{Tensor, keep, s, tensor};

#[test]
fn unique_values_are_those_of_a_loop() {
    let mut rng = Rng::new(1);
    for _ in 0..200 {
        let shape = rng.shape();
        let x = rng.floats(&shape).map(|x| (3.0 * x).round());
        let unique = x.unique().unwrap();
        let mut values = x.to_vec();
        values.sort_by(f64::total_cmp);
        values.dedup();
        assert_eq!(unique.values.to_vec(), values);
        let count = |v: &f64| x.iter().filter(|x| x == v).count();
        assert_eq!(unique.counts.to_vec(), values.iter().map(count).collect::<Vec<_>>());
        assert_eq!(unique.inverse.shape(), shape);
        for index in indices(&shape) {
            assert_eq!(values[unique.inverse.get(&index).unwrap()], x.get(&index).unwrap());
        }
        assert_eq!(copy(&x).unique().unwrap(), unique);
    }
}

#[test]
fn unique_values_at_the_edges() {
    let nan = f32::NAN;
    let x = tensor![nan, 0.0, f32::INFINITY, -0.0, nan, f32::NEG_INFINITY];
    let unique = x.unique().unwrap();
    let text = format!("{:?}", unique.values.to_vec());
    assert_eq!(text, "[-inf, 0.0, inf, NaN]"); // the first of the two zeros
    assert_eq!(unique.counts, tensor![1, 2, 1, 2]);
    assert_eq!(unique.inverse, tensor![3, 1, 2, 1, 3, 0]);

    let none = Tensor::<f32>::zeros([2, 0]).unique().unwrap();
    assert_eq!((none.values.shape(), none.inverse.shape()), (&[0][..], &[2, 0][..]));
    let one = tensor![7_u8].reshape([]).unwrap().unique().unwrap();
    assert_eq!((one.values, one.counts), (tensor![7], tensor![1]));
    assert_eq!(one.inverse.shape(), [0_usize; 0]);
    let repeated = tensor![1_i64, -5].unsqueeze(1).unwrap().expand([2, 3]).unwrap().t();
    assert_eq!(repeated.unique().unwrap().counts, tensor![3, 3]);
    let vast = tensor![1_usize].expand([1 << 44]).unwrap().unique().unwrap_err().to_string();
    assert!(vast.starts_with("unique: [17592186044416]") && vast.contains("memory"), "{vast}");
}

#[test]
fn counts_are_of_each_number() {
    let labels = tensor![[2_usize, 0, 2], [5, 2, 0]];
    for x in [labels.clone(), labels.t()] {
        assert_eq!(x.bincount(0).unwrap(), tensor![2, 0, 3, 0, 0, 1]);
        assert_eq!(x.bincount(8).unwrap(), tensor![2, 0, 3, 0, 0, 1, 0, 0]);
    }
    let none = Tensor::<usize>::zeros([0, 3]);
    assert_eq!(none.bincount(0).unwrap().shape(), [0]);
    assert_eq!(none.bincount(2).unwrap(), tensor![0, 0]);
    assert_eq!(Tensor::scalar(1_usize).bincount(0).unwrap(), tensor![0, 1]);
    for number in [usize::MAX, usize::MAX - 1, 1 << 50] {
        let text = tensor![0, number].bincount(0).unwrap_err().to_string();
        assert!(text.starts_with("bincount:") && text.contains("memory"), "{text}");
    }
}

/// The quantile by its definition, of sorted numbers.
fn quantile(line: &[f64], q: f64) -> f64 {
    let mut sorted = line.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = q * (line.len() - 1) as f64;
    let (low, high) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    low + (high - low) * (at - at.floor())
}

#[test]
fn quantiles_are_those_of_a_loop() {
    let mut rng = Rng::new(2);
    for _ in 0..200 {
        let shape = rng.shape();
        let x = rng.floats(&shape);
        let q = [0.0, 0.25, 0.5, 0.9, 1.0][rng.below(5)];
        if x.is_empty() {
            let text = x.quantile(q).unwrap_err().to_string();
            assert!(text.starts_with("quantile:"), "{text}");
            continue;
        }
        assert!(close(x.quantile(q).unwrap().item().unwrap(), quantile(&x.to_vec(), q), 1e-14));
        assert!(same_bits(&x.quantile(q).unwrap(), &copy(&x).quantile(q).unwrap()));
        if shape.is_empty() {
            continue;
        }
        let axis = rng.below(shape.len());
        let kept = x.quantile_over(keep(axis as isize), q).unwrap();
        let y = x.quantile_over(axis as isize, q).unwrap();
        assert_eq!(kept, y.unsqueeze(axis as isize).unwrap());
        for index in indices(y.shape()) {
            let line = x.move_axis(axis as isize, -1).unwrap();
            let line = index.iter().fold(line, |line, &i| line.select(0, i).unwrap());
            assert!(close(y.get(&index).unwrap(), quantile(&line.to_vec(), q), 1e-14));
        }
    }
}

#[test]
fn quantiles_at_the_edges() {
    let (inf, nan) = (f64::INFINITY, f64::NAN);
    let of = |x: Tensor<f64>, q: f64| x.quantile(q).unwrap().item().unwrap();
    assert_eq!(of(tensor![3.0, 1.0, 2.0], 0.5), 2.0);
    assert_eq!(of(Tensor::scalar(7.0), 0.3), 7.0);
    assert_eq!(of(tensor![f64::MAX, f64::MIN], 0.5), 0.0);
    assert_eq!([of(tensor![0.0, inf], 0.0), of(tensor![0.0, inf], 0.5)], [0.0, inf]);
    assert_eq!([of(tensor![-inf, 0.0], 0.5), of(tensor![inf, inf], 0.5)], [-inf, inf]);
    assert!(of(tensor![-inf, inf], 0.5).is_nan());
    // NaN if any number is, and only in its line.
    let x = tensor![[nan, 1.0], [0.0, 3.0]];
    assert!(of(x.clone(), 0.0).is_nan());
    assert_eq!(x.quantile_over(1, 1.0).unwrap().slice(s![1]).unwrap().item().unwrap(), 3.0);
    assert!(x.quantile_over(0, 0.5).unwrap().get(&[0]).unwrap().is_nan());
    // A single precision number is rounded once.
    assert_eq!(
        tensor![1.0_f32, 1.0 + f32::EPSILON].quantile(0.75).unwrap(),
        tensor![1.0 + f32::EPSILON].sum()
    );

    let x = Tensor::<f64>::ones([2, 3, 4]);
    let text = |q: f64| x.quantile(q).unwrap_err().to_string();
    assert!(text(50.0).contains("from 0 to 1, and here it is 50\n  help: 50 percent are 0.5"));
    assert!(text(nan).contains("here it is NaN") && text(-0.1).contains("here it is -0.1"));
    let two = x.quantile_over([0, 1], 0.5).unwrap_err().to_string();
    assert!(two.contains("runs over one axis or over all"), "{two}");
    let axis = x.quantile_over(3, 0.5).unwrap_err().to_string();
    assert!(axis.contains("axes go from -3 to 2"), "{axis}");
    assert_eq!(Tensor::<f64>::ones([0, 3]).quantile_over(1, 0.5).unwrap().shape(), [0]);
}

#[test]
fn numbers_stand_in_for_what_is_none() {
    let (inf, max) = (f64::INFINITY, f64::MAX);
    let x = tensor![[f64::NAN, inf, -inf], [0.0, -0.0, max]];
    let y = x.nan_to_num(7.0);
    assert!(same_bits(&y, &tensor![[7.0, max, -max], [0.0, -0.0, max]]));
    assert!(same_bits(&x.t().nan_to_num(7.0), &y.t()));
    let single = tensor![f32::INFINITY, f32::NEG_INFINITY, f32::NAN].nan_to_num(1e300);
    assert_eq!(single, tensor![f32::MAX, f32::MIN, f32::INFINITY]);
    assert_eq!(Tensor::<f32>::ones([0, 2]).nan_to_num(0.0).shape(), [0, 2]);
}

#[test]
fn places_are_repeated_one_by_one() {
    let mut rng = Rng::new(3);
    for _ in 0..100 {
        let shape = rng.shape();
        let x = rng.floats(&shape);
        if shape.is_empty() {
            assert!(
                x.repeat_interleave(2, 0).unwrap_err().to_string().contains("a scalar has none")
            );
            continue;
        }
        let axis = rng.below(shape.len());
        let counts: Vec<usize> = (0..shape[axis]).map(|_| rng.below(3)).collect();
        let y = x.repeat_interleave(counts.clone(), axis as isize).unwrap();
        let places: Vec<usize> = counts.iter().enumerate().flat_map(|(i, &n)| vec![i; n]).collect();
        let mut expected = shape.clone();
        expected[axis] = places.len();
        assert_eq!(y.shape(), expected);
        for mut index in indices(&expected) {
            let found = y.get(&index).unwrap();
            index[axis] = places[index[axis]];
            assert_eq!(found, x.get(&index).unwrap());
        }
        let same = x.repeat_interleave(vec![2; shape[axis]], axis as isize).unwrap();
        assert_eq!(x.repeat_interleave(2, axis as isize - shape.len() as isize).unwrap(), same);
    }
    let x = Tensor::<f32>::ones([2, 3]);
    let text = x.repeat_interleave(vec![1, 2, 3], 0).unwrap_err().to_string();
    let rule = "repeat_interleave: [2, 3] and [3]: axis 0 has 2 places, so the repeats are one number or 2";
    assert!(text.starts_with(rule), "{text}");
    for (repeats, axis) in [(usize::MAX, 0), (usize::MAX / 2, 0), (1 << 44, 1)] {
        let text = x.repeat_interleave(repeats, axis).unwrap_err().to_string();
        assert!(text.starts_with("repeat_interleave:") && text.contains("memory"), "{text}");
    }
    assert!(Tensor::<f32>::ones([0, 3]).repeat_interleave(usize::MAX, 1).is_err());
    assert_eq!(x.repeat_interleave(0, 1).unwrap().shape(), [2, 0]);
}

#[test]
fn a_grid_has_an_axis_for_each_vector() {
    let vectors = [tensor![1.0, 2.0, 3.0], tensor![4.0], tensor![5.0, 6.0].flip(0).unwrap()];
    let grids = Tensor::<f64>::meshgrid(vectors.each_ref()).unwrap();
    for index in indices(&[3, 1, 2]) {
        for (axis, (grid, vector)) in grids.iter().zip(&vectors).enumerate() {
            assert_eq!(grid.shape(), [3, 1, 2]);
            assert_eq!(grid.get(&index).unwrap(), vector.get(&[index[axis]]).unwrap());
        }
    }
    let [alone] = Tensor::meshgrid([&vectors[0]]).unwrap();
    assert_eq!(alone, vectors[0]);
    let [a, b] = Tensor::meshgrid([&vectors[0], &Tensor::zeros([0])]).unwrap();
    assert_eq!([a.shape(), b.shape()], [[3, 0]; 2]);
    let [] = Tensor::<f64>::meshgrid([]).unwrap();

    let text =
        Tensor::meshgrid([&vectors[0], &alone.unsqueeze(0).unwrap()]).unwrap_err().to_string();
    assert!(text.starts_with("meshgrid: [3] and [1, 3]: all must be vectors"), "{text}");
    let wide = tensor![1.0].expand([1 << 40]).unwrap();
    let text = Tensor::meshgrid([&wide, &wide]).unwrap_err().to_string();
    assert!(text.starts_with("meshgrid: [1099511627776, 1099511627776]"), "{text}");
}
