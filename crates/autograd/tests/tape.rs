//! How a tape is used, rightly and wrongly.

use wengert_autograd::{Error, Gradient, Param, Tape, Var};
use wengert_tensor::{Border, Tensor, keep, tensor};

#[test]
fn one_value_used_many_times_adds_up() {
    let tape = Tape::new();
    let x = tape.scalar(3.0_f64);
    let y = x * x + x - x / x + (x + x) * x;
    // 2x + 1 - 0 + 4x
    assert_eq!(y.gradients().unwrap().wrt(x).value().unwrap().item().unwrap(), 19.0);
}

#[test]
fn a_million_nodes_in_a_small_stack() {
    let nodes = std::env::var("WENGERT_NODES").map_or(1_000_000, |nodes| nodes.parse().unwrap());
    let small = std::thread::Builder::new().stack_size(256 << 10);
    let run = move || {
        let tape = Tape::new();
        let w = Param::new(Tensor::scalar(1.0_f32));
        let mut y = tape.param(&w);
        for _ in 0..nodes {
            y = y + 0.0;
        }
        assert_eq!(tape.len(), nodes + 1);
        y.backward().unwrap();
        w.grad().unwrap().item().unwrap()
    };
    assert_eq!(small.spawn(run).unwrap().join().unwrap(), 1.0);
}

#[test]
fn backward_twice_on_a_kept_tape_gives_the_same_twice() {
    let w = Param::new(tensor![1.0_f32, -2.0]);
    let tape = Tape::new();
    let loss = tape.param(&w).square().sum();
    loss.backward_keep().unwrap();
    assert_eq!(w.grad().unwrap(), tensor![2.0, -4.0]);
    w.zero_grad();
    loss.backward_keep().unwrap();
    assert_eq!(w.grad().unwrap(), tensor![2.0, -4.0]);
    loss.backward_keep().unwrap();
    assert_eq!(w.grad().unwrap(), tensor![4.0, -8.0]);
}

#[test]
fn a_spent_tape_says_which_line_spent_it() {
    let w = Param::new(tensor![1.0_f32, -2.0]);
    let tape = Tape::new();
    let x = tape.param(&w);
    let loss = x.square().sum();
    loss.backward().unwrap();
    let error = loss.backward().unwrap_err();
    assert!(matches!(error, Error::Spent { verb: "backward", .. }));
    assert!(
        error.to_string().contains("was spent by the `backward` at crates/autograd/tests/tape.rs:"),
        "{error}"
    );
    assert!(matches!(x.try_add(x).unwrap_err(), Error::Spent { .. }));
    // What it holds can still be looked at; a parameter's value is the parameter's.
    assert_eq!(loss.item().unwrap(), 5.0);
    assert_eq!(x.value().unwrap(), tensor![1.0, -2.0]);
}

#[test]
fn a_step_after_backward_writes_in_place_and_spares_snapshots() {
    let w = Param::new(tensor![1.0_f32, 2.0]);
    let tape = Tape::new();
    tape.param(&w).square().sum().backward().unwrap();
    let handles = w.update_in_place(|value, _| value.handles());
    assert_eq!(handles, 1, "the tape holds on to the parameter");
    let snapshot = w.value();
    w.update(|value, _| value.as_mut_slice()[0] = 9.0);
    assert_eq!(snapshot, tensor![1.0, 2.0]);
    assert_eq!(w.value(), tensor![9.0, 2.0]);
}

#[test]
fn a_loss_that_is_no_number_is_refused_by_shape() {
    let tape = Tape::new();
    let x = tape.var(tensor![1.0_f32, 2.0]);
    let error = x.square().backward().unwrap_err().to_string();
    assert!(error.starts_with("backward: the loss has shape [2], and only a single number has a gradient\n  help: reduce it first"), "{error}");
}

#[test]
fn vars_of_two_tapes_do_not_mix() {
    let (one, two) = (Tape::new(), Tape::new());
    let (a, b) = (one.scalar(1.0_f32), two.scalar(2.0));
    let error = a.try_mul(b).unwrap_err().to_string();
    assert!(error.starts_with("mul: its operands are recorded on two tapes"), "{error}");
    let line = line!() + 1;
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| a * b)).unwrap_err();
    let message = panic.downcast_ref::<String>().unwrap();
    assert!(
        message.contains(&format!("tape.rs:{line}")) && message.contains("try_mul"),
        "{message}"
    );
}

#[test]
fn a_parameter_changed_under_a_tape_is_named() {
    let w = Param::new(tensor![1.0_f32]);
    w.set_path("l1.weight");
    let tape = Tape::new();
    let loss = tape.param(&w).square().sum();
    w.set(tensor![2.0]);
    let error = loss.backward().unwrap_err();
    assert!(matches!(&error, Error::ParameterChanged { name, .. } if name == "l1.weight"));
    assert!(w.grad().is_none());
}

#[test]
fn a_missing_gradient_says_why() {
    let tape = Tape::new();
    let [used, zero, unused, cut, indexed] =
        [1.0, 2.0, 3.0, 4.0, 5.0].map(|x| tape.var(tensor![x, x + 1.0_f64]));
    let data = tape.constant(tensor![1.0, 1.0]);
    let line = line!() + 1;
    let loss = (used * data + zero * 0.0 + cut.detach()).sum();
    indexed.argmax(0).unwrap();
    let g = loss.gradients().unwrap();
    assert_eq!(g.wrt(used).value().unwrap(), tensor![1.0, 1.0]);
    assert_eq!(g.wrt(zero).value().unwrap(), tensor![0.0, 0.0]);
    assert!(matches!(g.wrt(unused), Gradient::Unused));
    assert!(matches!(g.wrt(cut), Gradient::Detached { at } if at.line() == line));
    assert!(matches!(g.wrt(indexed), Gradient::NotDifferentiable { op: "argmax", .. }));
    assert!(matches!(g.wrt(data), Gradient::NotWanted));
    let why = g.wrt(cut).value().unwrap_err().to_string();
    assert!(why.contains(&format!("detached at crates/autograd/tests/tape.rs:{line}")), "{why}");
}

#[test]
fn nothing_is_recorded_for_constants_and_without_grad() {
    let w = Param::new(Tensor::<f32>::ones([2, 2]));
    w.set_frozen(true);
    let tape = Tape::new();
    let y = tape.param(&w).matmul(tape.param(&w)).unwrap().sum();
    assert!(!y.wants_grad());
    let error = y.backward().unwrap_err().to_string();
    assert!(error.contains("constants and frozen parameters alone"), "{error}");
    w.set_frozen(false);
    let tape = Tape::no_grad();
    let y = tape.param(&w).sum();
    assert!(!tape.is_training() && !y.wants_grad());
    let error = y.backward().unwrap_err().to_string();
    assert!(error.contains("Tape::no_grad()"), "{error}");
}

#[test]
fn a_branch_not_taken_gives_no_gradient_however_infinite() {
    let tape = Tape::new();
    let x = tape.var(tensor![0.0_f64, 4.0]);
    let y = x.sqrt().where_(x.value().unwrap().greater_scalar(1.0), 0.0).unwrap().sum();
    assert_eq!(y.gradients().unwrap().wrt(x).value().unwrap(), tensor![0.0, 0.25]);
    // And to second order.
    let first = y.grad(&[x]).unwrap()[0].sum();
    assert_eq!(first.grad(&[x]).unwrap()[0].value().unwrap(), tensor![0.0, -0.03125]);
}

#[test]
fn the_post_mortem_names_the_op_forward_and_in_reverse() {
    let tape = Tape::new();
    let x = tape.var(tensor![1.0_f32, 0.0]);
    let line = line!() + 1;
    let y = x.ln();
    let _ = (y * 2.0).sum();
    let found = tape.first_non_finite().unwrap();
    assert_eq!((found.op, found.at.line(), &found.place[..]), ("ln", line, &[1][..]));

    let tape = Tape::new();
    let x = tape.var(tensor![4.0_f32, 0.0]);
    let loss = x.sqrt().sum();
    assert!(tape.first_non_finite().is_none());
    let found = loss.first_non_finite_gradient().unwrap().unwrap();
    assert_eq!((found.op, found.in_reverse, &found.place[..]), ("sqrt", true, &[1][..]));
    assert!(found.to_string().contains("infinite"), "{found}");
}

#[test]
fn a_finite_tape_refuses_what_is_not_and_leaves_gradients_alone() {
    let w = Param::new(tensor![2.0_f64, 0.0]);
    w.set_grad(Some(tensor![1.0, 1.0]));
    // Forward: the first op, not the last.
    let tape = Tape::new().finite();
    let loss = (tape.param(&w).ln() * 2.0).sum();
    let error = loss.backward().unwrap_err();
    let Error::NotFinite(found) = &error else { panic!("{error}") };
    assert_eq!((found.op, found.in_reverse, found.value), ("ln", false, f64::NEG_INFINITY));
    // In reverse.
    let tape = Tape::new().finite();
    let error = tape.param(&w).sqrt().sum().backward_keep().unwrap_err();
    let Error::NotFinite(found) = &error else { panic!("{error}") };
    assert_eq!((found.op, found.in_reverse, found.value), ("sqrt", true, f64::INFINITY));
    assert_eq!(w.grad(), Some(tensor![1.0, 1.0]));
    // What is finite passes; what is not refused is written.
    let tape = Tape::new().finite();
    tape.param(&w).square().sum().backward().unwrap();
    assert_eq!(w.grad(), Some(tensor![5.0, 1.0]));
    let tape = Tape::new();
    tape.param(&w).sqrt().sum().backward().unwrap();
    assert_eq!(w.grad().unwrap().to_vec()[1], f64::INFINITY);
}

#[test]
fn a_parameter_is_one_var_on_a_tape() {
    let w = Param::new(tensor![2.0_f64]);
    let tape = Tape::new();
    let (a, b) = (tape.param(&w), tape.param(&w.clone()));
    assert!(a.is(b));
    (a * b).sum().backward().unwrap();
    assert_eq!(w.grad().unwrap(), tensor![4.0]);
}

#[test]
fn the_gradient_of_a_broadcast_is_summed() {
    let tape = Tape::new();
    let row = tape.var(tensor![1.0_f64, 2.0, 3.0]);
    let column = tape.var(tensor![[10.0], [20.0]]);
    let g = (row * column).sum().gradients().unwrap();
    assert_eq!(g.wrt(row).value().unwrap(), tensor![30.0, 30.0, 30.0]);
    assert_eq!(g.wrt(column).value().unwrap(), tensor![[6.0], [6.0]]);
}

#[test]
fn the_tape_prints_as_a_wengert_list() {
    let tape = Tape::new().keeping_adjoints();
    let a = tape.scalar(3.0_f64);
    let b = a + a;
    let c = b * b;
    let text = tape.to_string();
    let first: Vec<&str> = text.lines().map(|l| l.split("  ").next().unwrap()).collect();
    assert_eq!(first, ["line", "%0", "%1", "%2"]);
    assert!(
        text.contains("add(%0, %0)") && text.contains("mul(%1, %1)") && text.contains("36.0000"),
        "{text}"
    );
    assert!(text.contains("g·b, g·a"), "{text}");
    let w = Param::new(Tensor::scalar(1.0_f64));
    (c * tape.param(&w)).backward().unwrap();
    let text = tape.to_string();
    let line = |i: usize| text.lines().nth(i).unwrap();
    let heads = ["line", "op", "shape", "value", "gradient", "gives its operands", "recorded"];
    let found: Vec<&str> = line(0).split("  ").map(str::trim).filter(|h| !h.is_empty()).collect();
    assert_eq!(found, heads);
    // Value, gradient and rule side by side.
    assert!(line(1).contains("3.0000") && line(1).contains("24.0000"), "{text}");
    assert!(line(3).contains("36.0000  1.0000    g·b, g·a"), "{text}");
    assert!(line(4).contains("(no name)") && !line(4).contains("`"), "{text}");
    assert!(text.contains("\nspent by the `backward` at crates/autograd/tests/tape.rs:"), "{text}");
}

#[test]
fn guards_of_scopes_go_in_any_order() {
    let tape = Tape::<f64>::new();
    let (outer, inner) = (tape.scope("outer"), tape.scope("inner"));
    assert_eq!(tape.scalar(1.0).scope(), "outer.inner");
    drop(outer);
    assert_eq!(tape.scalar(1.0).scope(), "outer.inner");
    drop(inner);
    assert_eq!(tape.scalar(1.0).scope(), "");
}

#[test]
fn the_post_mortem_leaves_masks_alone_and_names_what_turned() {
    let tape = Tape::new();
    let x = tape.var(tensor![[1.0_f64, 2.0, 3.0]]);
    let mask = tensor![true, false, true];
    let p = x.where_(&mask, f64::NEG_INFINITY).unwrap().softmax(1).unwrap();
    let masked = tape.constant(tensor![0.0, f64::NEG_INFINITY, 0.0]);
    let q = x.try_add(masked).unwrap().log_softmax(1).unwrap().exp();
    let _ = (p + q).sum();
    assert!(tape.first_non_finite().is_none());
    let line = line!() + 1;
    let broken = (x - x).ln();
    let _ = broken.sum();
    let found = tape.first_non_finite().unwrap();
    assert_eq!((found.op, found.at.line(), found.value), ("ln", line, f64::NEG_INFINITY));

    // An infinity of the data that makes a NaN: the op that did. One that reaches the end: the data.
    let tape = Tape::new();
    let x = tape.var(tensor![1.0_f64, f64::INFINITY]);
    let y = x.sum();
    let found = tape.first_non_finite().unwrap();
    assert_eq!((found.op, &found.place[..]), ("input", &[1][..]));
    let _ = y - y;
    assert_eq!(tape.first_non_finite().unwrap().op, "sub");
    // A NaN of the data is the data's.
    let tape = Tape::new();
    let _ = (tape.constant(tensor![f64::NAN]) + 1.0).exp();
    assert_eq!(tape.first_non_finite().unwrap().op, "constant");
}

#[test]
fn gradients_where_a_product_or_a_norm_has_left_the_normal_numbers() {
    let gradient = |x: &Tensor<f32>, f: fn(Var<'_, f32>) -> Var<'_, f32>| {
        let tape = Tape::new();
        let x = tape.var(x.clone());
        f(x).gradients().unwrap().wrt(x).value().unwrap()
    };
    let tiny = tensor![1e-30_f32, 1e-30];
    let huge = tensor![1e30_f32, 1e30];
    assert_eq!(gradient(&tiny, |x| x.prod()), tiny);
    assert_eq!(gradient(&huge, |x| x.prod()), huge);
    assert_eq!(gradient(&tiny, |x| x.cumprod(0).unwrap().sum()), tensor![1.0, 1e-30]);
    for p in [-1.0, -2.0, -0.5] {
        let tape = Tape::new();
        let x = tape.var(tensor![0.0_f64, 2.0, 3.0]);
        let y = x.norm_over(.., p).unwrap();
        assert_eq!(y.item().unwrap(), 0.0);
        assert_eq!(y.gradients().unwrap().wrt(x).value().unwrap(), tensor![0.0, 0.0, 0.0]);
    }
}

#[test]
fn scatter_add_takes_a_source_that_is_longer_than_its_index() {
    let tape = Tape::new();
    let x = tape.var(tensor![1.0_f64, 2.0]);
    let src = tape.var(tensor![10.0, 20.0, 30.0, 40.0, 50.0]);
    let y = x.scatter_add(0, tensor![1_usize, 1], src).unwrap();
    assert_eq!(y.value().unwrap(), tensor![1.0, 32.0]);
    let g = y.sum().gradients().unwrap();
    assert_eq!(g.wrt(src).value().unwrap(), tensor![1.0, 1.0, 0.0, 0.0, 0.0]);
}

#[test]
fn modes_and_resets() {
    let mut tape = Tape::<f32>::new().seeded(7);
    assert!(tape.is_training() && tape.is_recording());
    let first = tape.with_rng("rand", |rng| Tensor::<f32>::rand([2], rng)).unwrap();
    tape.scalar(1.0);
    tape.reset();
    assert!(tape.is_empty());
    let tape = Tape::<f32>::new().seeded(7);
    assert_eq!(tape.with_rng("rand", |rng| Tensor::<f32>::rand([2], rng)).unwrap(), first);
    assert!(!tape.evaluating().is_training());
}

#[test]
fn softmax_rows_have_no_gradient_of_their_sum() {
    let tape = Tape::new();
    let x = tape.var(tensor![[1.0_f64, 2.0, 3.0], [1e4, -1e4, 0.0]]);
    let rows = x.softmax(-1).unwrap().sum_over(keep(-1)).unwrap();
    let g = rows.sum().gradients().unwrap().wrt(x).value().unwrap();
    assert!(g.iter().all(|g| g.abs() < 1e-15), "{g}");
}

#[test]
fn second_order_of_an_op_with_a_rule_of_its_own_is_refused_by_name() {
    let tape = Tape::new();
    let x = tape.var(tensor![1.0_f64]);
    let rule =
        |g: &Tensor<f64>, x: &[Tensor<f64>], _: &Tensor<f64>| Ok(vec![Some(g * &x[0] * 2.0)]);
    let y: Var<f64> = tape.custom("mysquare", &[x], |x| Ok(x[0].square()), rule).unwrap();
    assert_eq!(y.gradients().unwrap().wrt(x).value().unwrap(), tensor![2.0]);
    let error = y.grad(&[x]).unwrap_err().to_string();
    assert!(error.starts_with("mysquare (recorded at crates/autograd/tests/tape.rs:"), "{error}");
}

#[test]
fn a_watcher_that_returns_another_shape_is_an_error_on_its_line() {
    for wrong in [Tensor::ones([5, 5]), Tensor::scalar(1.0), Tensor::ones([3]), Tensor::ones([0])] {
        let tape = Tape::new();
        let x = tape.var(Tensor::<f64>::ones([5]));
        let y = x.square();
        let shape = format!("{:?}", wrong.shape());
        let line = line!() + 1;
        y.watch(move |_| Some(wrong.clone()));
        let error = y.sum().gradients().unwrap_err().to_string();
        let wanted = format!(
            "watch: the watcher of %1 square returned a gradient of shape {shape}, and the value has shape [5]\n  at {}:{line}:",
            file!()
        );
        assert!(error.starts_with(&wanted), "{error}");
    }
}

#[test]
fn an_update_may_read_its_own_parameter_and_so_may_other_threads() {
    let w = Param::new(tensor![1.0_f64, 2.0]);
    w.set_grad(Some(tensor![10.0, 20.0]));
    w.update(|value, _| {
        // The closure's own work is not seen before it returns, neither here nor by another thread.
        *value = &*value - w.grad().unwrap() * 0.1;
        assert_eq!(w.value(), tensor![1.0, 2.0]);
        let elsewhere = std::thread::scope(|s| s.spawn(|| (w.value(), w.grad())).join().unwrap());
        assert_eq!(elsewhere, (tensor![1.0, 2.0], Some(tensor![10.0, 20.0])));
        w.update(|inner, _| *inner = tensor![7.0]);
    });
    assert_eq!(w.value(), tensor![0.0, 0.0]);
    // Writers wait for each other, so that none is lost; a closure that panics changes nothing and lets the next one in.
    std::thread::scope(|s| {
        for _ in 0..4 {
            s.spawn(|| (0..500).for_each(|_| w.update(|value, _| *value = &*value + 1.0)));
            s.spawn(|| (0..500).for_each(|_| assert_eq!(w.value().len(), 2)));
        }
    });
    assert_eq!(w.value(), tensor![2000.0, 2000.0]);
    let panics = std::thread::scope(|s| s.spawn(|| w.update(|_, _| panic!("planned"))).join());
    assert!(panics.is_err());
    w.update(|value, _| *value = &*value + 1.0);
    assert_eq!(w.value(), tensor![2001.0, 2001.0]);
}

#[test]
fn a_gradient_that_no_parameter_would_keep_is_an_error_that_says_where_to_read_it() {
    let tape = Tape::new();
    let x = tape.var(tensor![1.0_f64, 2.0]);
    let loss = x.square().sum();
    let error = loss.backward().unwrap_err().to_string();
    assert!(error.starts_with("backward: no parameter leads to this loss"), "{error}");
    assert!(error.contains("loss.gradients()?.wrt(x).value()?"), "{error}");
    // Nothing was spent.
    assert_eq!(loss.gradients().unwrap().wrt(x).value().unwrap(), tensor![2.0, 4.0]);
    // A loss made of values has no history, and a constant wants no gradient: both say what to do.
    let rest = tape.constant(x.value().unwrap()).square().sum();
    let error = rest.backward().unwrap_err().to_string();
    assert!(error.contains("constants and frozen parameters alone\n  help: "), "{error}");
    assert!(error.contains("`tape.var(…)`") && error.contains("`.value()`"), "{error}");
    let c = tape.constant(tensor![1.0, 2.0]);
    let loss = (x * c).sum();
    for error in
        [loss.gradients().unwrap().wrt(c).value().unwrap_err(), loss.grad(&[c]).unwrap_err()]
    {
        let error = error.to_string();
        assert!(
            error.contains("wants no gradient: it is data") && error.contains("`tape.var(…)`"),
            "{error}"
        );
    }
}

#[test]
fn what_a_sweep_records_and_cannot_do_is_of_the_line_that_asked() {
    let tape = Tape::new();
    let x = tape.var(tensor![1.0_f64, 2.0]);
    let y = x.tanh().sum();
    let (start, line) = (tape.len(), line!() + 1);
    let g = y.grad(&[x]).unwrap()[0];
    for recorded in tape.lines().iter().skip(start) {
        let at = recorded.at();
        assert_eq!((at.file(), at.line()), (file!(), line), "{}", recorded.name());
    }
    assert_eq!(g.recorded_at().line(), line);
}

/// A function that is made of others names itself and the line that called it.
#[test]
fn composites_name_themselves_and_the_line_of_their_caller() {
    use wengert_autograd::{einsum, hessian, hvp, jvp, vjp};

    let tape = Tape::new();
    let (a, b) = (tape.var(Tensor::<f64>::ones([2, 3])), tape.var(Tensor::ones([4])));
    let (x, wide) = (tensor![1.0_f64, 2.0], tensor![1.0, 2.0, 3.0]);
    let first = line!() + 2;
    let errors = [
        ("einsum: [2, 3]: \"ij,jk->ik\": the equation names 2", einsum("ij,jk->ik", &[a]).err()),
        ("einsum: [2, 3] and [4]: \"ij,j->i\": an axis has", einsum("ij,j->i", &[a, b]).err()),
        ("hessian: ", hessian(|x| Ok(x), &x).err()),
        ("hvp: ", hvp(|x| Ok(x), &x, &x).err()),
        ("hvp: the vector has", hvp(|x| Ok(x.sum()), &x, &wide).err()),
        ("jvp: the direction has", jvp(|x| Ok(x), &x, &wide).err()),
        ("vjp: the cotangent has", vjp(|x| Ok(x), &x, &wide).err()),
        ("pairwise_distance: ", a.pairwise_distance(b, 2.0, 0.0, false).err()),
        ("lerp: ", a.lerp(b, 0.5).err()),
        ("stack: [2, 3] and [4]: the first and", Var::stack(&[a, b], 0).err()),
        ("stack: [2, 3]: a new axis 5", Var::stack(&[a, a], 5).err()),
        ("cosine_similarity: ", a.cosine_similarity(b, 0, 1e-8).err()),
    ];
    for (line, (start, error)) in (first..).zip(errors) {
        let error = error.unwrap().to_string();
        assert!(error.starts_with(start), "{error}");
        assert!(error.contains(&format!("{}:{line}:", file!())), "{error}");
    }
    let (start, line) = (tape.len(), line!() + 1);
    einsum("ij,kj->ik", &[a, a]).unwrap();
    assert!(tape.len() > start);
    for recorded in tape.lines().iter().skip(start) {
        let at = recorded.at();
        assert_eq!((at.file(), at.line()), (file!(), line), "{}", recorded.name());
    }
}

#[test]
fn errors_print_the_same_text_by_debug() {
    let error = Tape::<f64>::new().scalar(1.0).softmax(3).unwrap_err().in_layer("head");
    assert_eq!(format!("{error:?}"), format!("{error}"));
}

#[test]
fn what_is_random_comes_from_the_seed_and_from_nothing_else() {
    let draw = |tape: &Tape<f64>| tape.with_rng("noise", |rng| Tensor::<f64>::rand([3], rng));
    let seeded = || draw(&Tape::new().seeded(7)).unwrap();
    let first = seeded();
    // Neither tapes that died before nor the thread count.
    for seed in 0..5 {
        draw(&Tape::new().seeded(seed)).unwrap();
    }
    assert_eq!(seeded(), first);
    assert_eq!(std::thread::scope(|s| s.spawn(seeded).join().unwrap()), first);
    let error = draw(&Tape::new()).unwrap_err().to_string();
    assert!(
        error.starts_with("noise: it draws random numbers, and this tape has no seed"),
        "{error}"
    );
    assert!(error.contains("Tape::new().seeded(seed)") && error.contains("tape.rs:"), "{error}");
    // A draw within a draw would give the same numbers twice.
    let tape = Tape::<f64>::new().seeded(7);
    let nested = tape.with_rng("noise", |_| draw(&tape)).unwrap().unwrap_err().to_string();
    assert!(nested.contains("called within"), "{nested}");
    assert_ne!(draw(&tape).unwrap(), draw(&tape).unwrap());
    // The closure may record.
    let y = tape.with_rng("noise", |rng| tape.scalar(1.0) + Tensor::<f64>::rand([3], rng)).unwrap();
    assert_eq!(y.len(), 3);
}

#[test]
fn a_tape_whose_lines_are_held_says_so() {
    let tape = Tape::new();
    let w = Param::new(tensor![1.0_f64, 2.0]);
    let loss = tape.param(&w).square().sum();
    let lines = tape.lines();
    let error = loss.backward().unwrap_err().to_string();
    assert!(error.contains("`tape.lines()` that are still held"), "{error}");
    drop(lines);
    loss.backward().unwrap();
}

/// Below epsilon the norm is held by a constant: its slope stays, as in PyTorch.
#[test]
fn the_cosine_of_a_vector_shorter_than_epsilon_has_the_slope_of_its_norm() {
    let tape = Tape::new();
    let a = tape.var(tensor![3e-9_f64, 4e-9]);
    let cosine = a.cosine_similarity(tensor![1.0, 0.0], 0, 1e-8).unwrap();
    assert!((cosine.item().unwrap() - 0.3).abs() < 1e-12);
    // b / ε - a·(a·b) / (‖a‖·ε²)
    let g = cosine.gradients().unwrap().wrt(a).value().unwrap();
    let wanted = tensor![8.2e7, -2.4e7];
    assert!(g.allclose(&wanted, 1e-9, 0.0, false).unwrap(), "{g}");
    assert_eq!(a.detach().cosine_similarity(a * 0.0, 0, 1e-8).unwrap().item().unwrap(), 0.0);
}

/// A refusal names the axes of the whole var; a crop copies nothing.
#[test]
fn paddings_are_refused_by_the_axis_and_crops_are_views() {
    let tape = Tape::<f64>::new();
    let x = tape.var(Tensor::ones([2, 3]));
    let texts = [
        x.pad([(0, 0)], 0.0).unwrap_err().to_string(),
        x.pad([(0, 0), (-2, -2)], 0.0).unwrap_err().to_string(),
        x.pad_with([(0, 0), (3, 0)], Border::Reflect).unwrap_err().to_string(),
    ];
    let says = ["1 pairs of widths for 2 axes", "cut more off axis 1", "reflecting axis 1 by 3"];
    for (text, says) in texts.iter().zip(says) {
        assert!(text.contains(says) && text.contains("[2, 3]"), "{text}");
    }
    let lines = tape.lines().len();
    let y = x.pad([(0, -1), (-1, 0)], 7.0).unwrap();
    assert_eq!((y.shape().to_vec(), tape.lines().len()), (vec![1, 2], lines + 1));
    let z = x.pad([(0, 0), (1, -1)], 7.0).unwrap();
    assert_eq!(z.value().unwrap(), tensor![[7.0, 1.0, 1.0], [7.0, 1.0, 1.0]]);
    let g = z.sum().gradients().unwrap().wrt(x).value().unwrap();
    assert_eq!(g, tensor![[1.0, 1.0, 0.0], [1.0, 1.0, 0.0]]);
}
