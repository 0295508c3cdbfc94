//! One row for every op: value against differences, first and second order, reverse against forward mode, on views and odd
//! shapes; and with mistakes planted, which must be caught and named.

use wengert_tensor::pointwise::{Binary, BinaryOp, Dual, Lane, Unary, UnaryOp};
use wengert_tensor::{Rng, Slice, Tensor};

use super::planted::{self, Mistake};
use super::row::{Function, Row, binary_ranges, range};
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
        assert!(
            report.findings().iter().any(|f| f.verdict == Verdict::Right),
            "{}: {report}",
            row.name
        );
        let highest = report.findings().iter().map(|f| f.order).max();
        assert_eq!(highest, Some(row.orders), "{}: {report}", row.name);
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

#[test]
fn every_rule_takes_axes_of_size_0_and_1() {
    for row in rows() {
        for size in [0, 1] {
            let x: Vec<Tensor<f64>> = row
                .operands
                .iter()
                .map(|(s, low, _)| {
                    Tensor::full(s.iter().map(|_| size).collect::<Vec<_>>(), *low + 0.3)
                })
                .collect();
            let tape = crate::Tape::new();
            let vars: Vec<Var<f64>> = x.iter().map(|x| tape.var(x.clone())).collect();
            // Some ops reject such shapes; what they take must have gradients of the operands' shapes.
            let Ok(y) = (row.f)(&vars) else { continue };
            for (g, x) in
                y.pull_tensors(&vars, &y.value().unwrap().ones_like()).unwrap().iter().zip(&x)
            {
                assert_eq!(g.shape(), x.shape(), "{} of size {size}", row.name);
            }
        }
    }
}

/// The slopes that the table writes against those that dual numbers find in the value, exactly.
#[test]
fn every_slope_of_the_table_agrees_with_dual_numbers() {
    let lane = Lane::<f64>::new;
    let close = |a: f64, b: f64| (a - b).abs() <= 1e-11 * a.abs().max(b.abs()).max(1.0);
    for &op in UnaryOp::ALL {
        let (low, high) = range(op);
        for i in 0..41 {
            let x = low + (high - low) * (f64::from(i) + 0.37) / 41.0;
            let d = op.value(Dual::new(x, 1.0));
            let written = op.slope(lane(x), op.value(lane(x))).get();
            assert!(
                close(d.slope.get(), written),
                "{op:?} at {x}: {} by duals, {written} written",
                d.slope.get()
            );
        }
    }
    for &op in BinaryOp::ALL {
        let [p, q] = binary_ranges(op);
        for i in 0..41 {
            let a = p.0 + (p.1 - p.0) * (f64::from(i) + 0.37) / 41.0;
            let b = q.0 + (q.1 - q.0) * (f64::from((i * 17) % 41) + 0.59) / 41.0;
            let y = op.value(lane(a), lane(b));
            let by_a = op.value(Dual::new(a, 1.0), Dual::new(b, 0.0)).slope.get();
            let by_b = op.value(Dual::new(a, 0.0), Dual::new(b, 1.0)).slope.get();
            let (wa, wb) =
                (op.slope_a(lane(a), lane(b), y).get(), op.slope_b(lane(a), lane(b), y).get());
            assert!(close(by_a, wa), "{op:?} at ({a}, {b}) along a: {by_a} by duals, {wa} written");
            assert!(close(by_b, wb), "{op:?} at ({a}, {b}) along b: {by_b} by duals, {wb} written");
        }
    }
}

/// A mistake planted in each rule, along each operand: it is caught, and the op and the operand are named.
#[test]
fn every_planted_mistake_is_caught_and_named() {
    for (i, row) in rows().iter().enumerate() {
        let x = row.inputs(i as u64);
        // What its gradients are without a mistake: where they are zero, there is nothing to plant.
        let tape = crate::Tape::new();
        let vars: Vec<Var<f64>> = x.iter().map(|x| tape.var(x.clone())).collect();
        let y = (row.f)(&vars).unwrap();
        let targets: Vec<(usize, usize)> = {
            let inner = tape.inner.borrow();
            let found =
                inner.nodes.iter().enumerate().filter(|(_, n)| n.op.name() == row.name && n.wanted);
            found.flat_map(|(j, n)| (0..n.operands.len()).map(move |k| (j, k))).collect()
        };
        let gradients = y.square().sum().gradients().unwrap();
        for (node, operand) in targets {
            let of = {
                let inner = tape.inner.borrow();
                let j = inner.nodes[node].operands[operand];
                if !inner.nodes[j as usize].wanted {
                    continue;
                }
                Var { tape: &tape, index: j }
            };
            if !gradients.wrt(of).ok().is_some_and(|g| g.iter().any(|g| g.abs() > 1e-9)) {
                continue;
            }
            for mistake in [Mistake::Sign, Mistake::Factor] {
                let report = planted::with(row.name, operand, mistake, || {
                    GradCheck::new().orders(1).seed(i as u64).check(&row.f, &x)
                });
                assert!(
                    !report.is_right(),
                    "{} operand {operand}: {mistake:?} was not caught",
                    row.name
                );
                let named =
                    report.blames().iter().any(|b| b.op == row.name && b.operand == operand);
                assert!(
                    named,
                    "{} operand {operand}: {mistake:?} caught but not named: {report}",
                    row.name
                );
                let cause =
                    report.blames().iter().find_map(|b| b.cause.clone()).unwrap_or_default();
                assert!(
                    cause.contains("sign") || cause.contains("factor"),
                    "{}: {report}",
                    row.name
                );
            }
        }
    }
}
