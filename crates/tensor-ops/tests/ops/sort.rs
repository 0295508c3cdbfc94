//! Sorting, the largest few, medians and where extremes are, on every kind of view, against plain sorts.

use std::cmp::Ordering;

use crate::common::{Cases, assert_same, cases};
use wengert_tensor::{Error, Order, Tensor, keep, tensor};

/// The lines of `x` along axis `at`, each with the index of its first place.
fn lines(x: &Tensor<f64>, at: usize) -> Vec<(Vec<usize>, Vec<f64>)> {
    let mut first = x.shape().to_vec();
    first[at] = 1;
    crate::common::indices(&first)
        .into_iter()
        .map(|start| {
            let mut i = start.clone();
            let line = (0..x.shape()[at]).map(|k| {
                i[at] = k;
                x.get(&i).unwrap()
            });
            (start.clone(), line.collect())
        })
        .collect()
}

/// By value, NaN last.
fn order(a: f64, b: f64) -> Ordering {
    match (a.is_nan(), b.is_nan()) {
        (false, false) => a.partial_cmp(&b).unwrap(),
        (a, b) => a.cmp(&b),
    }
}

fn same(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan())
}

fn either(c: &mut Cases) -> Order {
    if c.one_in(2) { Order::Descending } else { Order::Ascending }
}

#[test]
fn sorting_is_stable_and_nan_is_largest() {
    cases(400, |c| {
        let shape = c.shape_with_axes();
        let (axis, at) = c.axis(&shape);
        let x = c.tensor(&shape, |c| c.special());
        let by = either(c);
        let (values, places) = x.sort(axis, by).unwrap();
        assert_eq!((values.shape(), places.shape()), (&shape[..], &shape[..]));
        assert_same(&x.argsort(axis, by).unwrap(), &places);
        assert_same(&x.gather(axis, &places).unwrap(), &values);
        for (mut i, line) in lines(&x, at) {
            let mut expected: Vec<usize> = (0..line.len()).collect();
            expected.sort_by(|&a, &b| {
                let order = order(line[a], line[b]);
                if by == Order::Descending { order.reverse() } else { order }
            });
            for (k, place) in expected.into_iter().enumerate() {
                i[at] = k;
                assert_eq!(places.get(&i).unwrap(), place);
            }
        }
        // The first few are those of the whole order.
        let by = either(c);
        let k = c.below(shape[at] + 1);
        let (top, tops) = x.topk(k, axis, by).unwrap();
        let (values, places) = x.sort(axis, by).unwrap();
        assert_same(&top, &values.narrow(axis, 0, k).unwrap());
        assert_same(&tops, &places.narrow(axis, 0, k).unwrap());
    });
}

#[test]
fn medians_and_extremes() {
    cases(400, |c| {
        let shape = c.shape_with_axes();
        let (axis, at) = c.axis(&shape);
        let often = c.one_in(2);
        let x = c.tensor(&shape, |c| if often { c.special() } else { c.small() });
        if shape[at] == 0 {
            assert!(matches!(x.median_over(axis), Err(Error::Shape(_))));
            assert!(matches!(x.argmax_over(axis), Err(Error::Shape(_))));
            assert!(matches!(x.argmin_over(keep(axis)), Err(Error::Shape(_))));
            assert!(matches!(x.argmax(), Err(Error::Shape(_))));
            return;
        }
        let (medians, places) = x.median_over(keep(axis)).unwrap();
        let (most, least) =
            (x.argmax_over(keep(axis)).unwrap(), x.argmin_over(keep(axis)).unwrap());
        for (i, line) in lines(&x, at) {
            let first = |wanted: f64| line.iter().position(|&x| same(x, wanted)).unwrap();
            let mut sorted = line.clone();
            sorted.sort_by(|&a, &b| order(a, b));
            let nan = line.iter().any(|x| x.is_nan());
            let of = |x: f64| if nan { f64::NAN } else { x };
            let median = of(sorted[(sorted.len() - 1) / 2]);
            assert!(same(medians.get(&i).unwrap(), median));
            assert_eq!(places.get(&i).unwrap(), first(median));
            assert_eq!(most.get(&i).unwrap(), first(of(sorted[sorted.len() - 1])));
            assert_eq!(least.get(&i).unwrap(), first(of(sorted[0])));
        }
        let (values, indices) = x.median_over(axis).unwrap();
        assert_same(&values, &medians.squeeze(axis).unwrap());
        assert_same(&indices, &places.squeeze(axis).unwrap());
        assert_same(&x.argmax_over(axis).unwrap(), &most.squeeze(axis).unwrap());
        assert_same(&x.argmin_over(axis).unwrap(), &least.squeeze(axis).unwrap());
        assert_same(&x.gather(axis, &most).unwrap(), &x.max_over(keep(axis)).unwrap());
        assert_same(&x.gather(axis, &least).unwrap(), &x.min_over(keep(axis)).unwrap());
        // Over all: as over the one axis of all elements.
        if !x.is_empty() {
            let flat = x.flatten();
            assert_eq!(x.argmax().unwrap(), flat.argmax_over(0).unwrap().item().unwrap());
            assert_eq!(x.argmin().unwrap(), flat.argmin_over(0).unwrap().item().unwrap());
            assert_same(&x.median().unwrap(), &flat.median_over(0).unwrap().0);
            assert_eq!(x.argmax_over(keep(..)).unwrap().shape(), vec![1; shape.len()]);
        }
    });
}

#[test]
fn scalars_have_extremes_and_a_median() {
    let x = Tensor::scalar(3.0_f32);
    assert_eq!((x.argmax().unwrap(), x.argmin().unwrap()), (0, 0));
    assert_eq!(x.median().unwrap(), x);
    assert_eq!(x.argmax_over(keep(..)).unwrap(), Tensor::scalar(0));
    // A scalar is a line of one, as in NumPy and PyTorch.
    assert_eq!(x.sort(0, Order::Ascending).unwrap().0, x);
    assert!(matches!(x.sort(1, Order::Ascending), Err(Error::Axis(_))));
}

#[test]
fn long_lines() {
    cases(20, |c| {
        let n = 1 + c.below(5000);
        let x = c.tensor(&[n], |c| c.between(-1000, 1000) as f32);
        let most = x.max().unwrap().item().unwrap();
        let first = x.iter().position(|x| x == most).unwrap();
        assert_eq!(x.argmax().unwrap(), first);
        let (sorted, _) = x.sort(0, Order::Ascending).unwrap();
        assert_eq!(x.median().unwrap().item().unwrap(), sorted.get(&[(n - 1) / 2]).unwrap());
    });
}

#[test]
fn integers_sort_exactly() {
    let x = tensor![i64::MAX, i64::MIN, i64::MAX - 1, 0];
    assert_eq!(
        x.sort(0, Order::Descending).unwrap().0,
        tensor![i64::MAX, i64::MAX - 1, 0, i64::MIN]
    );
    assert_eq!((x.argmax().unwrap(), x.argmin().unwrap()), (0, 1));
    assert_eq!(x.median().unwrap().item().unwrap(), 0);
}

#[test]
fn what_has_no_answer_is_refused() {
    let x = Tensor::<f32>::zeros([2, 3, 0]);
    assert!(matches!(x.argmax(), Err(Error::Shape(_))));
    assert!(matches!(x.median(), Err(Error::Shape(_))));
    assert_eq!(x.argmax_over(1).unwrap().shape(), [2, 0]);
    assert_eq!(x.median_over(keep(0)).unwrap().0.shape(), [1, 3, 0]);
    assert!(matches!(x.argmax_over([0, 1]), Err(Error::Axis(_))));
    assert!(matches!(x.argmax_over(3), Err(Error::Axis(_))));
    assert!(matches!(x.topk(4, 1, Order::Descending), Err(Error::Value(_))));
    assert!(matches!(x.sort(3, Order::Descending), Err(Error::Axis(_))));
    assert_eq!(x.topk(2, 1, Order::Descending).unwrap().0.shape(), [2, 2, 0]);
}
