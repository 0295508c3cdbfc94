//! Methods that tensors and vars both have, made of other ops: the same bits, and errors of the same name.
#![allow(clippy::unwrap_used)]

use wengert_autograd::{Result, Tape, Var};
use wengert_tensor::{Rng, Tensor};

type T = Tensor<f64>;
type Both<'a> = (
    &'a dyn Fn(&T, &T) -> wengert_tensor::Result<T>,
    &'a dyn for<'t> Fn(Var<'t, f64>, Var<'t, f64>) -> Result<Var<'t, f64>>,
);

#[test]
fn a_tensor_has_the_value_of_a_var() {
    let rng = &mut Rng::new(0);
    let methods: [(&str, Both<'_>); 7] = [
        ("unit_norm", (&|x, _| x.unit_norm(1, 3.0, 0.5), &|x, _| x.unit_norm(1, 3.0, 0.5))),
        (
            "cosine_similarity",
            (&|x, y| x.cosine_similarity(y, -1, 1e-8), &|x, y| x.cosine_similarity(y, -1, 1e-8)),
        ),
        (
            "pairwise_distance",
            (&|x, y| x.pairwise_distance(y, 2.0, 1e-6, true), &|x, y| {
                x.pairwise_distance(y, 2.0, 1e-6, true)
            }),
        ),
        ("lerp", (&|x, y| x.lerp(y, 0.3), &|x, y| x.lerp(y, 0.3))),
        ("lerp", (&|x, y| x.lerp(y, y.clone()), &|x, y| x.lerp(y, y))),
        ("move_axis", (&|x, _| x.move_axis(1, 0), &|x, _| x.move_axis(1, 0))),
        ("move_axes", (&|x, _| x.move_axes([0, 1], [-1, 0]), &|x, _| x.move_axes([0, 1], [-1, 0]))),
    ];
    for (name, (tensor, var)) in methods {
        let mut errors = 0;
        for (a, b) in [
            (&[3, 4][..], &[3, 4][..]),
            (&[2, 3, 4], &[4]),
            (&[3, 4], &[2, 1, 4]),
            (&[0, 4], &[1, 4]),
            (&[3, 1], &[1, 1]),
            (&[], &[]),
            (&[4], &[3]),
            (&[2, 3], &[4, 5]),
        ] {
            let (x, y) = (Tensor::randn(a, rng), Tensor::randn(b, rng));
            let tape = Tape::new();
            let expected = tensor(&x, &y);
            let found = var(tape.var(x), tape.var(y)).and_then(|y| y.value());
            match (expected, found) {
                (Ok(expected), Ok(found)) => {
                    assert_eq!(expected, found, "{name} of {a:?} and {b:?}")
                }
                (Err(expected), Err(found)) => {
                    errors += 1;
                    let first = |error: String| error.lines().next().map(str::to_string);
                    assert_eq!(first(expected.to_string()), first(found.to_string()));
                }
                (expected, found) => panic!("{name} of {a:?} and {b:?}: {expected:?}, {found:?}"),
            }
        }
        assert!(errors > 0, "{name} takes everything");
    }
}

/// Every move of two axes of four, against the places where the axes are afterwards.
#[test]
fn axes_go_where_they_are_told() {
    let x = T::from_fn([2, 3, 4, 5], |i| i.iter().fold(0, |n, &i| 10 * n + i) as f64);
    let all: Vec<isize> = (-4..4).collect();
    let mut moved = 0;
    for (&a, &b) in all.iter().flat_map(|a| all.iter().map(move |b| (a, b))) {
        for (&c, &d) in all.iter().flat_map(|c| all.iter().map(move |d| (c, d))) {
            let place = |axis: isize| axis.rem_euclid(4) as usize;
            let y = x.move_axes([a, b], [c, d]);
            if place(a) == place(b) || place(c) == place(d) {
                let said = y.unwrap_err().to_string();
                assert!(
                    said.contains("is named twice\n  at crates/autograd/tests/same_names.rs:"),
                    "{said}"
                );
                continue;
            }
            let y = y.unwrap();
            let size = |axis: isize| x.shape()[place(axis)];
            assert_eq!([y.shape()[place(c)], y.shape()[place(d)]], [size(a), size(b)]);
            let rest = |shape: &[usize], i: usize, j: usize| -> Vec<usize> {
                (0..4).filter(|&k| k != i && k != j).map(|k| shape[k]).collect()
            };
            assert_eq!(rest(y.shape(), place(c), place(d)), rest(x.shape(), place(a), place(b)));
            moved += 1;
        }
    }
    assert_eq!(moved, 48 * 48);
    let said = x.move_axes([0, 1], [2]).unwrap_err().to_string();
    assert!(said.starts_with("move_axes: [2, 3, 4, 5]: 2 axes to 1 places"), "{said}");
    assert!(said.contains("same_names.rs:"), "{said}");
}
