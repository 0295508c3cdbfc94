//! Gradients by rows: what an embedding gives, and the optimisers that leave other rows alone.

use wengert_autograd::{Param, Tape};
use wengert_optim::{Adam, AdamW, Optimizer, Sgd};
use wengert_tensor::{Rng, Tensor, tensor};

const WIDTH: usize = 3;

fn table(rows: usize) -> Param<f64> {
    Param::new(Tensor::randn([rows, WIDTH], &mut Rng::new(1)))
}

/// The gradient of a function of two look-ups, in which rows come again.
fn look_up(table: &Param<f64>, first: &Tensor<usize>, second: &Tensor<usize>) {
    let tape = Tape::new();
    let w = tape.param(table);
    let (a, b) = (w.rows(first).unwrap(), w.rows(second).unwrap());
    (a.square().sum() + b.tanh().sum()).backward().unwrap();
}

#[test]
fn the_whole_of_a_gradient_by_rows_is_what_a_sweep_gives() {
    let table = table(6);
    let (first, second) = (tensor![[4_usize, 1], [4, 0]], tensor![1_usize, 1, 5]);
    look_up(&table, &first, &second);
    let (rows, values) = table.row_grad().unwrap();
    assert_eq!(rows, tensor![0_usize, 1, 4, 5]);
    assert_eq!(values.shape(), [4, WIDTH]);
    let tape = Tape::new();
    let w = tape.param(&table);
    let loss = w.rows(&first).unwrap().square().sum() + w.rows(&second).unwrap().tanh().sum();
    let swept = loss.gradients().unwrap().wrt(w).value().unwrap();
    assert_eq!(table.grad().unwrap(), swept);
    assert_eq!(swept.index_select(0, &rows).unwrap(), values);
    // Whoever has asked for the whole has it from then on.
    assert!(table.row_grad().is_none());
}

/// Steps of an optimiser on gradients by rows, and of another one on the whole of them.
fn both(by_rows: &mut dyn Optimizer<f64>, whole: &mut dyn Optimizer<f64>, seen: &[Tensor<usize>]) {
    let [table] = by_rows.parameters() else { unreachable!() };
    let [other] = whole.parameters() else { unreachable!() };
    let (table, other) = (table.clone(), other.clone());
    for rows in seen {
        by_rows.zero_grad();
        whole.zero_grad();
        look_up(&table, rows, rows);
        look_up(&other, rows, rows);
        other.set_grad(other.grad());
        by_rows.step().unwrap();
        whole.step().unwrap();
    }
}

#[test]
fn descent_by_rows_is_descent() {
    let (a, b) = (table(8), table(8));
    let seen = [tensor![1_usize, 3, 3], tensor![0_usize, 7, 1], tensor![7_usize, 7, 7]];
    both(&mut Sgd::new([a.clone()], 0.1), &mut Sgd::new([b.clone()], 0.1), &seen);
    assert_eq!(a.value(), b.value());
    // With momentum every row moves.
    let momentum = |p: &Param<f64>| Sgd::new([p.clone()], 0.1).momentum(0.9);
    both(&mut momentum(&a), &mut momentum(&b), &seen);
    assert_eq!(a.value(), b.value());
}

#[test]
fn adam_moves_every_row_of_a_large_table_of_which_few_were_seen() {
    let (a, b) = (table(64), table(64));
    let seen = [tensor![1_usize, 3, 3], tensor![60_usize, 7, 1], tensor![7_usize, 7, 7]];
    let adam = |p: &Param<f64>| Adam::new([p.clone()], 0.1);
    both(&mut adam(&a), &mut adam(&b), &seen);
    assert_eq!(a.value(), b.value());
    let mut adam = adam(&a);
    let tape = Tape::new();
    (tape.param(&a).rows(tensor![2_usize]).unwrap() * f64::NAN).sum().backward().unwrap();
    let error = adam.step().unwrap_err().to_string();
    assert!(error.contains("NaN"), "{error}");
}

#[test]
fn lazy_adam_moves_the_rows_that_it_sees_and_no_others() {
    let (a, b) = (table(8), table(8));
    let before = a.value();
    // The same rows each time: then every Adam does the same.
    let seen = vec![tensor![2_usize, 5, 5]; 4];
    let adam = |p: &Param<f64>| Adam::new([p.clone()], 0.1);
    both(&mut adam(&a).lazy(), &mut adam(&b), &seen);
    assert_eq!(a.value(), b.value());
    both(&mut adam(&a).amsgrad().lazy(), &mut adam(&b).amsgrad(), &seen);
    assert_eq!(a.value(), b.value());
    for row in [0, 1, 3, 4, 6, 7] {
        assert_eq!(a.value().select(0, row).unwrap(), before.select(0, row).unwrap());
    }
    // Other rows each time: what was seen before stays where it is, and so does its state.
    let c = table(8);
    c.set_path("table");
    let mut lazy = Adam::new([c.clone()], 0.1).lazy();
    let (first, second) = (tensor![0_usize, 1], tensor![2_usize, 3]);
    look_up(&c, &first, &first);
    lazy.step().unwrap();
    let (value, state) = (c.value(), lazy.state());
    lazy.zero_grad();
    look_up(&c, &second, &second);
    lazy.step().unwrap();
    assert_eq!(c.value().narrow(0, 0, 2).unwrap(), value.narrow(0, 0, 2).unwrap());
    assert_ne!(c.value().narrow(0, 2, 2).unwrap(), value.narrow(0, 2, 2).unwrap());
    let after = lazy.state();
    for name in ["exp_avg", "exp_avg_sq"].map(|name| format!("{}.{name}", c.path())) {
        let (after, before) = (after.get(&name).unwrap(), state.get(&name).unwrap());
        assert_eq!(after.narrow(0, 0, 2).unwrap(), before.narrow(0, 0, 2).unwrap(), "{name}");
        assert_ne!(after.narrow(0, 2, 2).unwrap(), before.narrow(0, 2, 2).unwrap(), "{name}");
    }
}

#[test]
fn a_table_that_is_used_whole_too_has_a_whole_gradient() {
    let w = table(5);
    let tape = Tape::new();
    let v = tape.param(&w);
    let x = v.rows(tensor![1_usize, 2]).unwrap();
    x.linear(v, None).unwrap().square().sum().backward().unwrap();
    assert!(w.row_grad().is_none());
    let all = w.grad().unwrap();
    assert!(all.abs().sum_over(1).unwrap().iter().all(|row| row > 0.0), "{all}");
    let mut lazy = Adam::new([w.clone()], 0.1).lazy();
    let before = w.value();
    lazy.step().unwrap();
    let moved = w.value().try_sub(&before).unwrap().abs();
    assert!(moved.iter().all(|x| (x - 0.1).abs() < 1e-6), "{moved}");
}

#[test]
fn two_sweeps_add_up_and_a_forgotten_zero_grad_is_an_error() {
    let (a, b) = (table(4), table(4));
    let rows = tensor![1_usize, 3];
    let mut optimizer = Sgd::new([a.clone()], 0.5);
    look_up(&a, &rows, &rows);
    look_up(&a, &tensor![3_usize], &rows);
    look_up(&b, &rows, &rows);
    let first = b.grad().unwrap();
    b.zero_grad();
    look_up(&b, &tensor![3_usize], &rows);
    let sum = b.grad().unwrap().try_add(&first).unwrap();
    optimizer.step().unwrap();
    let expected = b.value().try_sub(&sum.mul_scalar(0.5)).unwrap();
    assert!(a.value().allclose(&expected, 1e-14, 1e-14, false).unwrap());
    look_up(&a, &rows, &rows);
    let error = optimizer.step().unwrap_err().to_string();
    assert!(error.contains("zero_grad"), "{error}");
}

#[test]
fn a_gradient_by_rows_is_refused_as_a_whole_one_is() {
    let w = table(4);
    w.set_path("table.weight");
    let mut lazy = Adam::new([w.clone()], 0.1).lazy();
    let tape = Tape::new();
    let x = tape.param(&w).rows(tensor![2_usize]).unwrap();
    (x * f64::INFINITY).sum().backward().unwrap();
    let error = lazy.step().unwrap_err().to_string();
    assert!(error.contains("table.weight") && error.contains("inf"), "{error}");
    // Another shape since.
    lazy.zero_grad();
    look_up(&w, &tensor![1_usize], &tensor![1_usize]);
    w.set(Tensor::zeros([2, WIDTH]));
    let error = lazy.step().unwrap_err().to_string();
    assert!(error.contains("[4, 3]") && error.contains("[2, 3]"), "{error}");
    // A frozen table has no gradient.
    let frozen = table(4);
    frozen.set_frozen(true);
    let other = Param::new(tensor![1.0_f64]);
    let tape = Tape::new();
    let rows = tape.param(&frozen).rows(tensor![2_usize]).unwrap();
    (rows.sum() * tape.param(&other)).sum().backward().unwrap();
    assert!(frozen.grad().is_none() && other.grad().is_some());
    // AdamW decays every row, so it takes the whole.
    let decayed = table(4);
    let before = decayed.value();
    look_up(&decayed, &tensor![0_usize], &tensor![0_usize]);
    AdamW::new([decayed.clone()], 0.1).step().unwrap();
    assert_ne!(decayed.value().select(0, 3).unwrap(), before.select(0, 3).unwrap());
}
