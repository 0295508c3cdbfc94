//! The table of derivatives against dual numbers.

use wengert_tensor::pointwise::{Binary, BinaryOp, Dual, Lane, Unary, UnaryOp};

use super::row::{binary_ranges, range};

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
