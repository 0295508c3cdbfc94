//! One row for every op: value against differences, first and second order, reverse against forward mode, on views and odd
//! shapes; and with mistakes planted, which must be caught and named.

use std::collections::BTreeSet;

use wengert_tensor::{Rng, Slice, Tensor};

use super::planted::{self, Mistake};
use super::row::{Function, Row};
use super::{GradCheck, Verdict};
use crate::ops::{Op, Operation};
use crate::{Result, Var};

/// The rows of every op.
fn rows() -> Vec<Row> {
    <Op<f64> as Operation<f64>>::rows()
}

/// A row runs the op that it is named for.
#[test]
fn every_row_runs_its_op() {
    for row in rows() {
        let tape = crate::Tape::new();
        let x: Vec<Var<f64>> = row.inputs(1).into_iter().map(|x| tape.var(x)).collect();
        (row.f)(&x).unwrap();
        let inner = tape.inner.borrow();
        let met = inner.nodes.iter().any(|n| n.op.name() == row.name);
        assert!(met, "the row of {} does not run it", row.name);
    }
}

/// Every order of every row, forward mode beside it.
#[test]
fn every_rule_agrees_with_differences_and_with_forward_mode() {
    for (i, row) in rows().iter().enumerate() {
        let check = GradCheck::new().seed(i as u64).orders(row.orders);
        let report = check.check(&row.f, &row.inputs(i as u64));
        assert!(report.is_right(), "{}: {report}", row.name);
        let elements: usize = row.inputs(0).iter().map(Tensor::len).sum();
        for order in 1..=row.orders {
            let compared = report.findings().iter().filter(|f| {
                let forward = f.forward.is_some() || row.orders == 1;
                f.order == order && f.differences.is_finite() && forward
            });
            let smooth = compared.clone().filter(|f| f.verdict == Verdict::Right).count();
            let compared: usize = compared.map(|f| f.elements).sum();
            assert!(smooth > 0 && compared >= elements, "{}, order {order}: {report}", row.name);
        }
    }
}

/// The operand's elements read another way, and the function of that.
fn through_views(i: usize, row: &Row, view: usize) -> (Function, Vec<Tensor<f64>>) {
    let shapes: Vec<Vec<usize>> = row.operands.iter().map(|o| o.0.clone()).collect();
    let stored = row.inputs(7);
    let laid_out = stored.iter().map(|x| match view {
        // Transposed: stored with the axes the other way round.
        0 => x.permute((0..x.rank() as isize).rev().collect::<Vec<_>>()).unwrap().contiguous(),
        // Reversed along every axis.
        1 => x.flip(..).unwrap().contiguous(),
        // Every second place of something larger.
        _ => {
            let larger: Vec<usize> = x.shape().iter().map(|s| 2 * s).collect();
            let mut rng = Rng::new(3);
            let (low, high) = (row.operands[0].1, row.operands[0].2);
            let every_second: Vec<Slice> =
                x.shape().iter().map(|_| Slice::from(..).step(2)).collect();
            Tensor::uniform(larger, low, high, &mut rng)
                .unwrap()
                .slice_assign(&every_second, x)
                .unwrap()
        }
    });
    let laid_out: Vec<Tensor<f64>> = laid_out.collect();
    let inner = rows().into_iter().nth(i).unwrap().f;
    let function: Function = Box::new(move |x| {
        let views: Vec<Var<f64>> = x
            .iter()
            .zip(&shapes)
            .map(|(x, shape)| match view {
                0 => x.permute((0..shape.len() as isize).rev().collect::<Vec<_>>()),
                1 => x.flip(..),
                _ => x.slice(shape.iter().map(|_| Slice::from(..).step(2)).collect::<Vec<_>>()),
            })
            .collect::<Result<_>>()?;
        inner(&views)
    });
    (function, laid_out)
}

#[test]
fn every_rule_holds_on_transposed_reversed_and_stepped_operands() {
    for (i, row) in rows().iter().enumerate() {
        for view in 0..3 {
            let (f, x) = through_views(i, row, view);
            let report = GradCheck::new().orders(1).seed(i as u64).check(&f, &x);
            assert!(report.is_right(), "{} on view {view}: {report}", row.name);
        }
    }
}

/// Rows whose function rejects operands all of whose axes have this size, so that nothing is checked.
const REJECTED: [&[&str]; 2] = [
    &[
        "constant",
        "data",
        "exp",
        "param",
        "where",
        "max",
        "min",
        "cross_entropy",
        "norm",
        "expand",
        "sum_to",
        "slice",
        "unslice",
        "undiagonal",
        "gather",
        "scatter_add",
        "index_select",
        "index_add",
        "sum_bags",
        "add_bags",
        "windows",
        "unwindows",
        "conv",
        "conv_input",
        "conv_weight",
    ],
    &[
        "data",
        "cross_entropy",
        "reshape",
        "sum_to",
        "undiagonal",
        "gather",
        "scatter_add",
        "index_select",
        "index_add",
        "sum_bags",
        "add_bags",
        "gru",
        "lstm",
        "self_attention",
        "windows",
        "unwindows",
    ],
];

/// Rows whose value is not finite there: the unbiased variance of one number.
const NOT_FINITE: [&[&str]; 2] = [&[], &["var", "std"]];

#[test]
fn every_rule_takes_axes_of_size_0_and_1() {
    for size in [0, 1] {
        let (mut rejected, mut not_finite, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
        for (i, row) in rows().iter().enumerate() {
            let mut rng = Rng::new(i as u64);
            let x: Vec<Tensor<f64>> = row
                .operands
                .iter()
                .map(|(s, low, high)| {
                    Tensor::uniform(vec![size; s.len()], *low, *high, &mut rng).unwrap()
                })
                .collect();
            let tape = crate::Tape::new();
            let vars: Vec<Var<f64>> = x.iter().map(|x| tape.var(x.clone())).collect();
            let Ok(y) = (row.f)(&vars) else {
                rejected.push(row.name);
                continue;
            };
            let value = y.value().unwrap();
            let gradients = y.pull_tensors(&vars, &value.ones_like()).unwrap();
            for (g, x) in gradients.iter().zip(&x) {
                assert_eq!(g.shape(), x.shape(), "{} of size {size}", row.name);
            }
            // Without elements there are no values to compare.
            if x.iter().all(Tensor::is_empty) || value.is_empty() {
                continue;
            }
            if !value.iter().all(f64::is_finite) {
                not_finite.push(row.name);
                continue;
            }
            let report = GradCheck::new().orders(row.orders).check(&row.f, &x);
            if !report.is_right() {
                wrong.push(format!("{} of size {size}: {report}", row.name));
            }
        }
        rejected.dedup();
        assert_eq!(rejected, REJECTED[size], "of size {size}");
        not_finite.dedup();
        assert_eq!(not_finite, NOT_FINITE[size], "of size {size}");
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

/// Operands whose gradient is 0, or which have none: no mistake can be planted there.
const NOTHING_TO_PLANT: &[(&str, usize)] = &[
    ("ceil", 0),
    ("detach", 0),
    ("div_floor", 0),
    ("div_floor", 1),
    ("div_trunc", 0),
    ("div_trunc", 1),
    ("floor", 0),
    ("round", 0),
    ("sign", 0),
    ("trunc", 0),
];

/// A mistake planted in each rule, along each operand: it is caught, and that op and that operand are blamed, and no other.
#[test]
fn every_planted_mistake_is_caught_and_named() {
    let (mut planted, mut left) = (BTreeSet::new(), BTreeSet::new());
    for (i, row) in rows().iter().enumerate() {
        let x = row.inputs(i as u64);
        for operand in operands_with_a_gradient(row, &x, &mut left) {
            planted.insert((row.name, operand));
            for mistake in [Mistake::Sign, Mistake::Factor] {
                let what = format!("{} operand {operand}, {mistake:?}", row.name);
                let report = planted::with(row.name, operand, mistake, || {
                    GradCheck::new().orders(1).seed(i as u64).check(&row.f, &x)
                });
                assert_eq!(report.worst(), Verdict::Wrong, "{what} was not caught: {report}");
                let blames = report.blames();
                assert!(!blames.is_empty(), "{what} was not named: {report}");
                for blame in blames {
                    assert_eq!((blame.op, blame.operand), (row.name, operand), "{what}: {report}");
                    let cause = blame.cause.as_deref().unwrap_or_default();
                    assert!(cause.contains("sign") || cause.contains("factor"), "{what}: {report}");
                }
            }
        }
    }
    let left: Vec<_> = left.difference(&planted).copied().collect();
    assert_eq!(left, NOTHING_TO_PLANT, "planted: {}", planted.len());
    for row in rows() {
        let met = |(name, _): &(&str, usize)| *name == row.name;
        let leaf = left.iter().any(met) || LEAVES.contains(&row.name);
        assert!(planted.iter().any(met) || leaf, "nothing was planted in {}", row.name);
    }
}

/// The ops without operands.
const LEAVES: &[&str] = &["constant", "data", "untracked", "input", "param"];

/// The operands of a row's op that have a gradient other than 0; the others are added to `left`.
fn operands_with_a_gradient(
    row: &Row,
    x: &[Tensor<f64>],
    left: &mut BTreeSet<(&'static str, usize)>,
) -> BTreeSet<usize> {
    let tape = crate::Tape::new();
    let vars: Vec<Var<f64>> = x.iter().map(|x| tape.var(x.clone())).collect();
    let y = (row.f)(&vars).unwrap();
    let gradients = y.square().sum().gradients().unwrap();
    let inner = tape.inner.borrow();
    let mut found = BTreeSet::new();
    for node in inner.nodes.iter().filter(|n| n.op.name() == row.name) {
        for (k, &j) in node.operands.iter().enumerate() {
            let of = Var { tape: &tape, index: j };
            let wanted = node.wanted && inner.nodes.wanted(j as usize);
            let moves = gradients.wrt(of).ok().is_some_and(|g| g.iter().any(|g| g.abs() > 1e-9));
            if wanted && moves {
                found.insert(k);
            } else {
                left.insert((row.name, k));
            }
        }
    }
    found
}
