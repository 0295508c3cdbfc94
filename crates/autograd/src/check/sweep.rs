//! One row for every op: value against differences, first and second order, reverse against forward mode, on views and odd
//! shapes; and with mistakes planted, which must be caught and named.

use wengert_tensor::pointwise::{Binary, BinaryOp, Dual, Lane, Unary, UnaryOp};
use wengert_tensor::{REST, Rng, Slice, Tensor, keep, s, tensor};

use super::planted::{self, Mistake};
use super::{GradCheck, Verdict};
use crate::cross_entropy::{Labels, Reduction, Targets};
use crate::op::Op;
use crate::{Pointwise, Result, Var};

type Function = Box<dyn for<'t> Fn(&[Var<'t, f64>]) -> Result<Var<'t, f64>>>;

/// An op, functions that use it, and the shapes and ranges of their operands.
struct Row {
    name: &'static str,
    operands: Vec<(Vec<usize>, f64, f64)>,
    f: Function,
}

fn row(
    name: &'static str,
    operands: &[(&[usize], f64, f64)],
    f: impl for<'t> Fn(&[Var<'t, f64>]) -> Result<Var<'t, f64>> + 'static,
) -> Row {
    let operands = operands.iter().map(|(s, low, high)| (s.to_vec(), *low, *high)).collect();
    Row { name, operands, f: Box::new(f) }
}

/// Where a function of the table is defined and smooth enough for differences.
fn range(op: UnaryOp) -> (f64, f64) {
    match op.name() {
        "ln" | "log2" | "log10" | "sqrt" | "rsqrt" | "recip" | "rdiv_scalar" | "pow_scalar" => {
            (0.4, 2.5)
        }
        "log1p" => (-0.6, 2.0),
        "asin" | "acos" => (-0.8, 0.8),
        "tan" => (-1.2, 1.2),
        _ => (-2.0, 2.0),
    }
}

fn binary_ranges(op: BinaryOp) -> [(f64, f64); 2] {
    match op.name() {
        "div" | "fmod" | "remainder" | "div_trunc" | "div_floor" => [(-2.0, 2.0), (0.6, 1.4)],
        "pow" | "hypot" | "atan2" => [(0.4, 2.0), (0.5, 1.5)],
        "xlogy" => [(-2.0, 2.0), (0.4, 2.0)],
        "bce" => [(0.1, 0.9), (0.1, 0.9)],
        _ => [(-2.0, 2.0), (-1.9, 2.1)],
    }
}

#[derive(Clone, Copy)]
struct Swish;
impl Pointwise for Swish {
    const NAME: &'static str = "swish";
    fn value<R: wengert_tensor::pointwise::Real>(self, x: R) -> R {
        x / (wengert_tensor::pointwise::ONE + (-x).exp())
    }
}

const M: &[usize] = &[3, 4];

fn rows() -> Vec<Row> {
    let any: &[(&[usize], f64, f64)] = &[(M, -2.0, 2.0)];
    let positive: &[(&[usize], f64, f64)] = &[(M, 0.5, 2.0)];
    let mut rows = vec![
        row("input", any, |x| Ok(x[0])),
        row("param", any, |x| Ok(x[0])),
        row("constant", any, |x| x[0].try_mul(tensor![1.0, 2.0, 3.0, 4.0])),
        row("untracked", any, |x| {
            x[0].try_mul(x[0].tape().constant(tensor![1.0, 2.0, 3.0, 4.0]).exp())
        }),
        row("detach", any, |x| Ok(x[0] * x[0] + x[0].detach() * 0.0)),
        row("where", &[(M, -2.0, 2.0), (&[4], -2.0, 2.0)], |x| {
            x[0].where_(&tensor![[true], [false], [true]], x[1])
        }),
        row("swish", any, |x| Ok(x[0].pointwise(Swish))),
        row("matmul", &[(&[3, 4], -1.0, 1.0), (&[4, 2], -1.0, 1.0)], |x| x[0].matmul(x[1])),
        row("matmul", &[(&[2, 3, 4], -1.0, 1.0), (&[1, 4, 2], -1.0, 1.0)], |x| x[0].matmul(x[1])),
        row("matmul", &[(&[4], -1.0, 1.0), (&[2, 4, 2], -1.0, 1.0)], |x| x[0].matmul(x[1])),
        row("matmul", &[(&[4], -1.0, 1.0), (&[4], -1.0, 1.0)], |x| x[0].matmul(x[1])),
        row("linear", &[(&[3, 4], -1.0, 1.0), (&[2, 4], -1.0, 1.0), (&[2], -1.0, 1.0)], |x| {
            x[0].linear(x[1], Some(x[2]))
        }),
        row("linear", &[(&[2, 3, 4], -1.0, 1.0), (&[2, 4], -1.0, 1.0)], |x| {
            x[0].linear(x[1], None)
        }),
        row("sum", any, |x| Ok(x[0].square().sum())),
        row("sum", any, |x| x[0].square().sum_over(0)),
        row("sum", any, |x| x[0].square().sum_over(keep(-1))),
        row("mean", any, |x| Ok(x[0].square().mean())),
        row("mean", any, |x| x[0].square().mean_over(1)),
        row("prod", positive, |x| x[0].prod_over(1)),
        row("prod", &[(&[2, 3], -2.0, 2.0)], |x| Ok(x[0].prod())),
        row("max", any, |x| x[0].max_over(0)),
        row("max", any, |x| x[0].max()),
        row("min", any, |x| x[0].min_over(keep(1))),
        row("var", any, |x| x[0].var_over(0, 1)),
        row("var", any, |x| x[0].var_over(.., 0)),
        row("std", any, |x| x[0].std_over(1, 1)),
        row("norm", any, |x| x[0].norm_over(1, 2.0)),
        row("norm", any, |x| x[0].norm_over(0, 1.0)),
        row("norm", any, |x| x[0].norm_over(.., 3.0)),
        row("norm", any, |x| x[0].norm_over(1, f64::INFINITY)),
        row("logsumexp", any, |x| x[0].logsumexp_over(0)),
        row("softmax", any, |x| x[0].softmax(1)),
        row("softmax", any, |x| x[0].softmax(0)),
        row("log_softmax", any, |x| x[0].log_softmax(-1)),
        row("cumsum", any, |x| x[0].square().cumsum(1)),
        row("cumprod", positive, |x| x[0].cumprod(0)),
        row("logcumsumexp", any, |x| x[0].logcumsumexp(1)),
        row("normalize", any, |x| x[0].normalize(1, 1e-3)),
        row("normalize", any, |x| x[0].normalize(0, 1e-3)),
        row("reshape", any, |x| x[0].square().reshape([2, REST])),
        row("permute", any, |x| Ok(x[0].square().t())),
        row("expand", &[(&[3, 1], -2.0, 2.0)], |x| x[0].square().expand([2, 3, 4])),
        row("sum_to", &[(&[3, 1], -2.0, 2.0)], |x| {
            // Broadcasting is undone by `sum_to`, so second order goes through it.
            x[0].try_mul(tensor![1.0, 2.0, 3.0])?.tanh().try_mul(x[0])
        }),
        row("slice", any, |x| x[0].square().slice(s![1.., ..;-2])),
        row("unslice", any, |x| x[0].slice(s![0, 1..]).map(|y| y.square().sum())),
        row("diagonal", any, |x| x[0].square().diagonal(1, 0, 1)),
        row("undiagonal", any, |x| x[0].diagonal(0, 0, 1).map(|y| y.square().sum())),
        row("cat", &[(&[2, 3], -2.0, 2.0), (&[2, 1], -2.0, 2.0)], |x| {
            Var::cat(&[x[0].square(), x[1].exp()], 1)
        }),
        row("gather", any, |x| x[0].square().gather(1, &tensor![[0_usize, 0], [3, 1], [2, 2]])),
        row("ungather", any, |x| {
            x[0].gather(1, &tensor![[0_usize, 0], [3, 1], [2, 2]]).map(|y| y.square().sum())
        }),
        row("index_select", any, |x| x[0].square().index_select(0, &tensor![2_usize, 0, 2])),
        row("unindex", any, |x| {
            x[0].index_select(0, &tensor![2_usize, 0, 2]).map(|y| y.square().sum())
        }),
        row("cross_entropy", any, |x| {
            let labels = Labels::Classes(tensor![0_usize, 3, 1]);
            let weight = tensor![1.0, 2.0, 0.5, 1.5];
            let t =
                Targets::new(&x[0].shape(), labels, Some(&weight), 0.0, Some(3), Reduction::Mean)?;
            x[0].apply(Op::CrossEntropy(t))
        }),
        row("cross_entropy", &[(&[2, 3, 2], -2.0, 2.0)], |x| {
            let labels = Labels::Classes(tensor![[0_usize, 2], [1, 1]]);
            let t = Targets::new(&x[0].shape(), labels, None, 0.1, None, Reduction::None)?;
            x[0].apply(Op::CrossEntropy(t))
        }),
        row("cross_entropy", &[(&[2, 3], -2.0, 2.0)], |x| {
            let q = Labels::Probabilities(tensor![[0.2, 0.3, 0.5], [0.0, 1.0, 0.0]]);
            let t = Targets::new(&x[0].shape(), q, None, 0.0, None, Reduction::Sum)?;
            x[0].apply(Op::CrossEntropy(t))
        }),
    ];
    for &op in UnaryOp::ALL {
        let (low, high) = range(op);
        rows.push(row(op.name(), &[(M, low, high)], move |x| x[0].apply(Op::Unary(op))));
    }
    for &op in BinaryOp::ALL {
        let [a, b] = binary_ranges(op);
        rows.push(row(op.name(), &[(M, a.0, a.1), (M, b.0, b.1)], move |x| {
            x[0].apply_with(Op::Binary(op), x[1])
        }));
        rows.push(row(op.name(), &[(&[2, 1, 4], a.0, a.1), (&[3, 1], b.0, b.1)], move |x| {
            x[0].apply_with(Op::Binary(op), x[1])
        }));
    }
    rows
}

/// The row that an op must have. No arm is missing, or this does not compile.
fn row_name(op: &Op<f64>) -> &'static str {
    match op {
        Op::Untracked(_) => "untracked",
        Op::CustomUnary(_) => "swish",
        // Its rule is the user's; `check/mod.rs` tests one.
        Op::Custom(_) => "input",
        Op::Unary(_) | Op::Binary(_) => op.name(),
        Op::Constant
        | Op::Input
        | Op::Param(..)
        | Op::Detach
        | Op::Where(_)
        | Op::MatMul
        | Op::Linear
        | Op::Sum(_)
        | Op::Mean(_)
        | Op::Prod(_)
        | Op::Max(_)
        | Op::Min(_)
        | Op::Var(..)
        | Op::Std(..)
        | Op::Norm(..)
        | Op::LogSumExp(_)
        | Op::Softmax(_)
        | Op::LogSoftmax(_)
        | Op::CumSum(_)
        | Op::CumProd(_)
        | Op::LogCumSumExp(_)
        | Op::Normalize(..)
        | Op::Reshape(_)
        | Op::Permute(_)
        | Op::Expand(_)
        | Op::SumTo(_)
        | Op::Slice(_)
        | Op::Unslice(..)
        | Op::Diagonal(..)
        | Op::Undiagonal(..)
        | Op::Cat(_)
        | Op::Gather(..)
        | Op::Ungather(..)
        | Op::IndexSelect(..)
        | Op::Unindex(..)
        | Op::CrossEntropy(_) => op.name(),
    }
}

fn inputs(row: &Row, seed: u64) -> Vec<Tensor<f64>> {
    let mut rng = Rng::new(seed);
    row.operands
        .iter()
        .map(|(s, low, high)| Tensor::uniform(s, *low, *high, &mut rng).unwrap())
        .collect()
}

#[test]
fn every_op_has_a_row() {
    let rows = rows();
    let has = |name: &str| assert!(rows.iter().any(|r| r.name == name), "no row for {name}");
    UnaryOp::ALL.iter().for_each(|&op| has(row_name(&Op::Unary(op))));
    BinaryOp::ALL.iter().for_each(|&op| has(row_name(&Op::Binary(op))));
    // A row runs the op that it is named for: on the tape of its gradient, so that adjoint ops are met too.
    for row in &rows {
        if matches!(row.name, "input" | "param" | "constant" | "untracked") {
            continue;
        }
        let tape = crate::Tape::new();
        let x: Vec<Var<f64>> = inputs(row, 1).into_iter().map(|x| tape.var(x)).collect();
        let y = (row.f)(&x).unwrap();
        y.square().sum().grad_or_zero(&x).unwrap();
        let inner = tape.inner.borrow();
        let met =
            inner.nodes.iter().any(|n| row_name(&n.op) == row.name || n.op.name() == row.name);
        assert!(met, "the row of {} does not run it", row.name);
    }
}

/// Every order of every row, forward mode beside it.
#[test]
fn every_rule_agrees_with_differences_and_with_forward_mode() {
    for (i, row) in rows().iter().enumerate() {
        let report = GradCheck::new().seed(i as u64).check(&row.f, &inputs(row, i as u64));
        assert!(report.is_right(), "{}: {report}", row.name);
        assert!(
            report.findings().iter().any(|f| f.verdict == Verdict::Right),
            "{}: {report}",
            row.name
        );
        assert!(report.findings().iter().any(|f| f.order == 2), "{}: no second order", row.name);
    }
}

/// The operand's elements read another way, and the function of that.
fn through_views(row: &Row, view: usize) -> (Function, Vec<Tensor<f64>>) {
    let shapes: Vec<Vec<usize>> = row.operands.iter().map(|o| o.0.clone()).collect();
    let stored = inputs(row, 7);
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
    let rows = rows();
    let name = row.name;
    let index = rows.iter().position(|r| r.name == name && r.operands == row.operands).unwrap();
    let inner = rows.into_iter().nth(index).unwrap().f;
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
            let (f, x) = through_views(row, view);
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
            // Some ops refuse such shapes; what they take must have gradients of the operands' shapes.
            let Ok(y) = (row.f)(&vars) else { continue };
            for (g, x) in y.pull_tensors(&vars, &y.value().ones_like()).unwrap().iter().zip(&x) {
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
        let x = inputs(row, i as u64);
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
