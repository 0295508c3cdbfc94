//! Joining, repeating, rolling, padding, triangles and diagonals on every kind of view, against loops over elements.

use crate::common::{assert_same, cases};
use wengert_tensor::{Border, Error, Tensor, tensor};

#[test]
fn cat_puts_one_after_another() {
    cases(300, |c| {
        let shape = c.shape_with_axes();
        let (axis, at) = c.axis(&shape);
        let parts: Vec<Tensor<f64>> = (0..1 + c.below(4))
            .map(|_| {
                let mut shape = shape.clone();
                shape[at] = c.size();
                c.tensor(&shape, |c| c.number())
            })
            .collect();
        let joined = Tensor::cat(&parts, axis).unwrap();
        let mut start = 0;
        for part in &parts {
            let len = part.shape()[at];
            assert_same(&joined.narrow(axis, start, len).unwrap(), part);
            start += len;
        }
        assert_eq!(joined.shape()[at], start);
    });
}

#[test]
fn stack_makes_an_axis() {
    cases(200, |c| {
        let shape = c.shape();
        let parts: Vec<Tensor<f64>> =
            (0..1 + c.below(3)).map(|_| c.tensor(&shape, |c| c.number())).collect();
        let rank = shape.len() as isize;
        let axis = c.between(-rank - 1, rank);
        let stacked = Tensor::stack(&parts, axis).unwrap();
        assert_eq!(stacked.rank(), shape.len() + 1);
        for (k, part) in parts.iter().enumerate() {
            assert_same(&stacked.select(axis, k).unwrap(), part);
        }
    });
}

#[test]
fn repeat_is_a_remainder() {
    cases(300, |c| {
        let shape = c.shape();
        let x = c.tensor(&shape, |c| c.number());
        let counts: Vec<usize> = (0..c.below(5)).map(|_| c.below(4)).collect();
        let repeated = x.repeat(&counts).unwrap();
        let rank = shape.len().max(counts.len());
        let expected: Vec<usize> = (0..rank)
            .map(|i| {
                let size = (i + shape.len()).checked_sub(rank).map_or(1, |i| shape[i]);
                let count = (i + counts.len()).checked_sub(rank).map_or(1, |i| counts[i]);
                size * count
            })
            .collect();
        let expected = Tensor::from_fn(&expected, |i| {
            let i = &i[rank - shape.len()..];
            let i: Vec<usize> = i.iter().zip(&shape).map(|(&i, &s)| i % s).collect();
            x.get(&i).unwrap()
        });
        assert_same(&repeated, &expected);
    });
}

#[test]
fn roll_goes_round() {
    cases(200, |c| {
        let shape = c.shape_with_axes();
        let x = c.tensor(&shape, |c| c.number());
        let (axis, at) = c.axis(&shape);
        let shift = c.one_of(&[0, 1, -1, 3, -7, 100, isize::MIN, isize::MAX]);
        let expected = Tensor::from_fn(&shape, |i| {
            let mut i = i.to_vec();
            let size = shape[at] as i128;
            i[at] = (i[at] as i128 - shift as i128).rem_euclid(size) as usize;
            x.get(&i).unwrap()
        });
        assert_same(&x.roll(shift, axis).unwrap(), &expected);
    });
}

#[test]
fn pad_adds_and_cuts() {
    cases(300, |c| {
        let shape = c.shape();
        let x = c.tensor(&shape, |c| c.number());
        let widths: Vec<(isize, isize)> = shape
            .iter()
            .map(|&s| {
                let before = c.between(-(s.min(2) as isize), 2);
                let left = s as isize + before.min(0);
                (before, c.between(-left.min(2), 2))
            })
            .collect();
        let padded = x.pad(&widths, 9.0).unwrap();
        let expected: Vec<usize> =
            (shape.iter().zip(&widths)).map(|(&s, w)| (s as isize + w.0 + w.1) as usize).collect();
        let expected = Tensor::from_fn(&expected, |i| {
            let i: Vec<usize> =
                i.iter().zip(&widths).map(|(&i, w)| i.wrapping_sub(w.0 as usize)).collect();
            x.get(&i).unwrap_or(9.0)
        });
        assert_same(&padded, &expected);
    });
}

#[test]
fn borders_are_pytorchs() {
    cases(300, |c| {
        let shape = c.shape();
        let x = c.tensor(&shape, |c| c.number());
        let border = c.one_of(&[Border::Reflect, Border::Replicate, Border::Circular]);
        let widths: Vec<(isize, isize)> = shape
            .iter()
            .map(|&s| {
                let most = match border {
                    Border::Reflect => s as isize - 1,
                    Border::Replicate if s > 0 => 3,
                    _ => s as isize,
                };
                (c.between(0, most.max(0)), c.between(0, most.max(0)))
            })
            .collect();
        let padded = x.pad_with(&widths, border).unwrap();
        let expected: Vec<usize> =
            (shape.iter().zip(&widths)).map(|(&s, w)| (s as isize + w.0 + w.1) as usize).collect();
        let expected = Tensor::from_fn(&expected, |i| {
            let at = |axis: usize| {
                let (size, i) = (shape[axis] as isize, i[axis] as isize - widths[axis].0);
                let i = match border {
                    Border::Reflect if i < 0 => -i,
                    Border::Reflect if i >= size => 2 * (size - 1) - i,
                    Border::Replicate if i < 0 => 0,
                    Border::Replicate if i >= size => size - 1,
                    Border::Circular if i < 0 => i + size,
                    Border::Circular if i >= size => i - size,
                    _ => i,
                };
                i as usize
            };
            x.get(&(0..shape.len()).map(at).collect::<Vec<_>>()).unwrap()
        });
        assert_same(&padded, &expected);
    });
    let x = tensor![1, 2, 3, 4_i64];
    assert_eq!(x.pad_with([(-2, 2)], Border::Reflect).unwrap(), tensor![3, 4, 3, 2]);
    assert_eq!(x.pad_with([(-1, -3)], Border::Replicate).unwrap().len(), 0);
}

#[test]
fn triangles_and_diagonals() {
    cases(300, |c| {
        let shape = c.shape();
        let x = c.tensor(&shape, |c| c.number());
        let k = c.one_of(&[0, 0, 1, -1, 2, -3, 1000, isize::MAX, isize::MIN]);
        let (lower, upper) = (x.tril(k), x.triu(k));
        if shape.len() < 2 {
            assert!(matches!((lower, upper), (Err(Error::Shape(_)), Err(Error::Shape(_)))));
        } else {
            let part = |stays: fn(i128, i128) -> bool| {
                Tensor::from_fn(&shape, |i| {
                    let (row, column) = (i[shape.len() - 2], i[shape.len() - 1]);
                    let stays = stays(column as i128 - row as i128, k as i128);
                    if stays { x.get(i).unwrap() } else { 0.0 }
                })
            };
            assert_same(&lower.unwrap(), &part(|d, k| d <= k));
            assert_same(&upper.unwrap(), &part(|d, k| d >= k));
        }
        let k = c.between(-3, 3);
        if let Some((&len, rest)) = shape.split_last() {
            let side = len + k.unsigned_abs();
            let embedded = x.diag_embed(k).unwrap();
            assert_eq!(embedded.shape(), [rest, &[side, side]].concat());
            assert_same(&embedded.diagonal(k, -2, -1).unwrap(), &x);
            let off = embedded.not_equal_scalar(0.0).count();
            assert_eq!(off, x.not_equal_scalar(0.0).count());
        }
    });
    assert_eq!(tensor![[1, 2], [3, 4_i64]].diag(0).unwrap(), tensor![1, 4]);
    assert_eq!(tensor![[1, 2], [3, 4_i64]].diag(-1).unwrap(), tensor![3]);
    assert_eq!(tensor![5_i64].diag(-1).unwrap(), tensor![[0, 0], [5, 0]]);
}

#[test]
fn what_does_not_fit_is_refused() {
    let none: [&Tensor<f32>; 0] = [];
    let (a, b) = (Tensor::<f32>::zeros([2, 3]), Tensor::<f32>::zeros([2, 4]));
    assert!(matches!(Tensor::cat(&none, 0), Err(Error::Value(_))));
    assert!(matches!(Tensor::stack(&none, 0), Err(Error::Value(_))));
    assert!(matches!(Tensor::cat(&[&a, &b], 0), Err(Error::Shape(_))));
    assert!(matches!(Tensor::cat(&[&a, &b], 2), Err(Error::Axis(_))));
    assert!(matches!(Tensor::cat(&[&Tensor::scalar(1.0_f32)], 0), Err(Error::Axis(_))));
    assert!(matches!(Tensor::stack(&[&a, &b], 0), Err(Error::Shape(_))));
    assert!(matches!(Tensor::stack(&[&a], 3), Err(Error::Axis(_))));
    assert_eq!(Tensor::cat(&[&a, &b], 1).unwrap().shape(), [2, 7]);
    let error = Tensor::cat(&[&a, &a, &b], 0).unwrap_err().to_string();
    let start =
        "cat: [2, 3] and [2, 4]: axis 1 has size 3 in the first and 4 in tensor 2; only axis 0";
    assert!(error.starts_with(start), "{error}");

    assert!(matches!(a.roll(1, 2), Err(Error::Axis(_))));
    assert!(matches!(a.pad([(0, 0)], 0.0), Err(Error::Shape(_))));
    assert!(matches!(a.pad([(-1, -2), (0, 0)], 0.0), Err(Error::Value(_))));
    assert!(matches!(a.pad([(-3, 3), (0, 0)], 0.0), Err(Error::Value(_))));
    assert!(matches!(a.pad([(isize::MIN, isize::MIN), (0, 0)], 0.0), Err(Error::Value(_))));
    assert!(matches!(a.pad([(isize::MAX, isize::MAX), (0, 9)], 0.0), Err(Error::Size(_))));
    assert!(matches!(a.pad_with([(2, 0), (0, 0)], Border::Reflect), Err(Error::Value(_))));
    assert!(matches!(a.pad_with([(3, 0), (0, 0)], Border::Circular), Err(Error::Value(_))));
    let empty = Tensor::<f32>::zeros([0]);
    assert!(matches!(empty.pad_with([(1, 0)], Border::Replicate), Err(Error::Value(_))));
    assert!(matches!(a.diag_embed(isize::MIN), Err(Error::Size(_))));
    assert!(matches!(Tensor::<f32>::zeros([1, 1, 1]).diag(0), Err(Error::Shape(_))));
    assert!(matches!(a.repeat([usize::MAX, 2]), Err(Error::Size(_))));
    assert!(matches!(a.repeat([crate::WIDE, crate::WIDE]), Err(Error::Size(_))));
}

#[test]
fn huge_axes_beside_an_empty_one_do_no_harm() {
    let x = Tensor::<f32>::zeros([0, usize::MAX]);
    assert!(matches!(Tensor::cat(&[&x, &x], 1), Err(Error::Size(_))));
    assert_eq!(Tensor::cat(&[&x, &x], 0).unwrap().shape(), x.shape());
    assert_eq!(x.roll(3, 1).unwrap().shape(), x.shape());
    assert_eq!(x.tril(0).unwrap().shape(), x.shape());
    assert_eq!(x.pad([(0, 0), (-5, 0)], 0.0).unwrap().shape(), [0, usize::MAX - 5]);
    assert_eq!(x.pad_with([(0, 0), (-5, 0)], Border::Reflect).unwrap().shape()[1], usize::MAX - 5);
    assert!(matches!(x.pad([(1, 0), (0, 0)], 0.0), Err(Error::Size(_))));
    assert!(matches!(x.diag_embed(0), Ok(_) | Err(Error::Size(_))));
    assert!(x.repeat([2, 2]).is_err());
    assert_eq!(x.repeat([2, 1]).map(|x| x.len()).unwrap_or(0), 0);
}
