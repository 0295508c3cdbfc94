//! Comparisons and masks on every kind of view, against loops over single elements.

use crate::common::{assert_same, broadcast_get, cases, indices};
use wengert_tensor::{Error, Tensor, keep, tensor};

#[test]
fn comparisons_are_those_of_the_elements() {
    cases(300, |c| {
        let (a, b, both) = c.broadcasting();
        let (a, b) = (c.tensor(&a, |c| c.special()), c.tensor(&b, |c| c.special()));
        let test = |got: Tensor<bool>, f: fn(f64, f64) -> bool| {
            let expected =
                Tensor::from_fn(&both, |i| f(broadcast_get(&a, i), broadcast_get(&b, i)));
            assert_same(&got, &expected);
        };
        test(a.equal(&b).unwrap(), |x, y| x == y);
        test(a.not_equal(&b).unwrap(), |x, y| x != y);
        test(a.less(&b).unwrap(), |x, y| x < y);
        test(a.less_equal(&b).unwrap(), |x, y| x <= y);
        test(a.greater(&b).unwrap(), |x, y| x > y);
        test(a.greater_equal(&b).unwrap(), |x, y| x >= y);
        let k = c.special();
        assert_same(&a.equal_scalar(k), &a.map(|x| x == k));
        assert_same(&a.not_equal_scalar(k), &a.map(|x| x != k));
        assert_same(&a.less_scalar(k), &a.map(|x| x < k));
        assert_same(&a.less_equal_scalar(k), &a.map(|x| x <= k));
        assert_same(&a.greater_scalar(k), &a.map(|x| x > k));
        assert_same(&a.greater_equal_scalar(k), &a.map(|x| x >= k));
        assert_same(&a.is_nan(), &a.map(|x| x.is_nan()));
        assert_same(&a.is_infinite(), &a.map(|x| x.is_infinite()));
        assert_same(&a.is_finite(), &a.map(|x| x.is_finite()));
    });
}

#[test]
fn logic_is_that_of_the_elements() {
    cases(200, |c| {
        let (a, b, both) = c.broadcasting();
        let (a, b) = (c.tensor(&a, |c| c.one_in(2)), c.tensor(&b, |c| c.one_in(2)));
        let of = |f: fn(bool, bool) -> bool| {
            Tensor::from_fn(&both, |i| f(broadcast_get(&a, i), broadcast_get(&b, i)))
        };
        assert_same(&(&a & &b), &of(|x, y| x && y));
        assert_same(&(&a | &b), &of(|x, y| x || y));
        assert_same(&(&a ^ &b), &of(|x, y| x != y));
        assert_same(&a.logical_and(&b).unwrap(), &of(|x, y| x && y));
        assert_same(&!&a, &Tensor::from_fn(a.shape(), |i| !a.get(i).unwrap()));
    });
}

#[test]
fn masks_choose_fill_and_select() {
    cases(400, |c| {
        let whole = c.shape();
        let (m, x, y) = (c.smaller(&whole), c.smaller(&whole), c.smaller(&whole));
        let m = c.tensor(&m, |c| c.one_in(2));
        let (x, y) = (c.tensor(&x, |c| c.special()), c.tensor(&y, |c| c.special()));
        let picked = m.pick(&x, &y).unwrap();
        let expected = Tensor::from_fn(picked.shape(), |i| {
            if broadcast_get(&m, i) { broadcast_get(&x, i) } else { broadcast_get(&y, i) }
        });
        assert_same(&picked, &expected);

        let filled = x.masked_fill(&m, 7.0).unwrap();
        let expected = Tensor::from_fn(filled.shape(), |i| {
            if broadcast_get(&m, i) { 7.0 } else { broadcast_get(&x, i) }
        });
        assert_same(&filled, &expected);

        let expected: Vec<f64> = indices(filled.shape())
            .iter()
            .filter(|i| broadcast_get(&m, i))
            .map(|i| broadcast_get(&x, i))
            .collect();
        assert_same(&x.masked_select(&m).unwrap(), &Tensor::from(expected));

        let found: Vec<Vec<usize>> =
            indices(m.shape()).into_iter().filter(|i| m.get(i).unwrap()).collect();
        let nonzero = m.nonzero();
        assert_eq!(nonzero.shape(), [found.len(), m.rank()]);
        assert_eq!(nonzero.to_vec(), found.concat());
        assert_eq!(m.count(), found.len());
        assert_eq!(m.any(), !found.is_empty());
        assert_eq!(m.all(), found.len() == m.len());
    });
}

#[test]
fn masks_fold_along_axes() {
    cases(300, |c| {
        let shape = c.shape_with_axes();
        let m = c.tensor(&shape, |c| !c.one_in(3));
        let (axis, at) = c.axis(&shape);
        let mut kept = shape.clone();
        kept[at] = 1;
        let line = |i: &[usize]| -> Vec<bool> {
            let mut i = i.to_vec();
            (0..shape[at])
                .map(|k| {
                    i[at] = k;
                    m.get(&i).unwrap()
                })
                .collect()
        };
        let any = Tensor::from_fn(&kept, |i| line(i).contains(&true));
        let all = Tensor::from_fn(&kept, |i| !line(i).contains(&false));
        let count = Tensor::from_fn(&kept, |i| line(i).iter().filter(|&&x| x).count());
        assert_same(&m.any_over(keep(axis)).unwrap(), &any);
        assert_same(&m.all_over(keep(axis)).unwrap(), &all);
        assert_same(&m.count_over(keep(axis)).unwrap(), &count);
        assert_same(&m.any_over(axis).unwrap(), &any.squeeze(axis).unwrap());
        assert_same(&m.all_over(axis).unwrap(), &all.squeeze(axis).unwrap());
        assert_same(&m.count_over(axis).unwrap(), &count.squeeze(axis).unwrap());
        assert_eq!(m.count_over(..).unwrap().item().unwrap(), m.count());
        assert_eq!(m.any_over(..).unwrap().item().unwrap(), m.any());
        assert_eq!(m.all_over(..).unwrap().item().unwrap(), m.all());
    });
}

#[test]
fn closeness_is_pytorchs() {
    let (inf, nan) = (f64::INFINITY, f64::NAN);
    let a = tensor![1.0, 1.0, 0.0, inf, inf, inf, nan, nan, 1e-9];
    let b = tensor![1.0, 1.1, 0.0, inf, -inf, 1.0, nan, 1.0, 0.0];
    let close = a.is_close(&b, 0.2, 1e-8, false).unwrap();
    assert_eq!(close, tensor![true, true, true, true, false, false, false, false, true]);
    assert!(a.is_close(&b, 0.0, 0.0, true).unwrap().get(&[6]).unwrap());
    // The tolerance is relative to the second.
    assert!(tensor![10.0].allclose(&tensor![11.0], 0.0999, 0.0, false).unwrap());
    assert!(!tensor![11.0].allclose(&tensor![10.0], 0.0999, 0.0, false).unwrap());
    assert!(Tensor::<f32>::zeros([0]).allclose(&Tensor::zeros([1]), 0.0, 0.0, false).unwrap());
    for (rtol, atol) in [(-1.0, 0.0), (0.0, -1.0), (nan, 0.0), (0.0, nan)] {
        assert!(matches!(a.allclose(&b, rtol, atol, false), Err(Error::Value(_))));
    }
}

#[test]
fn integers_and_truth_values_compare_too() {
    let big = i64::MAX;
    assert_eq!(tensor![big, big - 1].less_scalar(big), tensor![false, true]);
    assert_eq!(tensor![1_usize, 2].equal(&tensor![2, 2]).unwrap(), tensor![false, true]);
    assert_eq!(tensor![true, false].equal(&tensor![true, true]).unwrap(), tensor![true, false]);
    assert_eq!(tensor![1_i64, 2].is_finite(), tensor![true, true]);
}

#[test]
fn what_does_not_fit_is_refused() {
    let (a, b) = (Tensor::<f32>::zeros([2, 3]), Tensor::<f32>::zeros([2, 4]));
    let mask = Tensor::full([5], true);
    assert!(matches!(a.less(&b), Err(Error::Shape(_))));
    assert!(matches!(mask.pick(&a, &a), Err(Error::Shape(_))));
    assert!(matches!(mask.pick(&a, &b), Err(Error::Shape(_))));
    assert!(matches!(a.masked_fill(&mask, 0.0), Err(Error::Shape(_))));
    assert!(matches!(a.masked_select(&mask), Err(Error::Shape(_))));
    assert!(matches!(mask.any_over(1), Err(Error::Axis(_))));
    let error = a.greater_equal(&b).unwrap_err().to_string();
    assert!(error.starts_with("greater_equal: [2, 3] and [2, 4]: the last axis"), "{error}");
    // Each fits memory, what they broadcast to does not.
    let wide = Tensor::scalar(1.0_f32).expand([crate::WIDE, 1]).unwrap();
    assert!(matches!(wide.equal(&wide.t()), Err(Error::Size(_))));
    assert!(matches!(wide.try_add(&wide.t()), Err(Error::Size(_))));
    let mask = Tensor::scalar(true).expand([crate::WIDE, 1]).unwrap();
    assert!(matches!(mask.logical_or(&mask.t()), Err(Error::Size(_))));
    assert!(matches!(mask.pick(&wide.t(), &wide.t()), Err(Error::Size(_))));
    assert!(matches!(wide.t().masked_fill(&mask, 0.0), Err(Error::Size(_))));
    assert!(matches!(wide.t().masked_select(&mask), Err(Error::Size(_))));
    // An axis of size 0 hides how large the others are.
    let hidden = Tensor::full([0, crate::QUARTER], true);
    assert!(matches!(hidden.any_over(0), Err(Error::Size(_))));
    assert_eq!(hidden.all_over(1).unwrap().shape(), [0]);
}

#[test]
#[should_panic(expected = "logical_and returns this as an error")]
fn operators_panic_where_shapes_do_not_broadcast() {
    let _ = Tensor::full([2], true) & Tensor::full([3], true);
}

#[test]
fn integers_add_subtract_and_multiply() {
    cases(100, |c| {
        let (a, b, both) = c.broadcasting();
        let (a, b) = (c.tensor(&a, |c| c.between(-5, 5) as i64), c.tensor(&b, |_| 3_i64));
        let of = |f: fn(i64, i64) -> i64| {
            Tensor::from_fn(&both, |i| f(broadcast_get(&a, i), broadcast_get(&b, i)))
        };
        assert_same(&(&a + &b), &of(|x, y| x + y));
        assert_same(&(&a - &b), &of(|x, y| x - y));
        assert_same(&(&a * &b), &of(|x, y| x * y));
        assert_same(&-&a, &a.map(|x| -x));
        assert_same(&(&a * 2 - 1), &a.map(|x| x * 2 - 1));
    });
    assert_eq!(tensor![250_u8] + 10, tensor![4_u8]);
    assert_eq!(tensor![0_usize] - tensor![1], tensor![usize::MAX]);
    assert_eq!(-tensor![i64::MIN], tensor![i64::MIN]);
    let mut counts = tensor![1_usize, 2];
    counts += &tensor![10];
    assert_eq!(counts, tensor![11, 12]);
    assert!(tensor![1_i64, 2].try_add(&tensor![1, 2, 3]).is_err());
}
