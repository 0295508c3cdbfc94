//! The doctor, on small programs with one fault each.

use wengert_autograd::{Param, Tape, Var};
use wengert_data::{DataLoader, TensorDataset, synth};
use wengert_loss::{CrossEntropyLoss, Loss, MseLoss, Reduction};
use wengert_nn::{Dropout, Linear, Module, Parts, Relu, Sequential, Tanh};
use wengert_optim::{Adam, Optimizer, Sgd};
use wengert_tensor::{Rng, Tensor, tensor};
use wengert_train::doctor::{Certainty, Report, worst_samples};
use wengert_train::{Doctor, Fault, Trainer};

fn net(seed: u64) -> Sequential<f32> {
    let rng = &mut Rng::new(seed);
    Sequential::new().with(Linear::new(2, 16, rng)).with(Relu).with(Linear::new(16, 2, rng))
}

fn moons() -> DataLoader<TensorDataset<f32>> {
    DataLoader::new(synth::moons::<f32>(300, 0.1, 0), 30).unwrap().shuffle(0)
}

/// Trains by hand for some epochs.
fn by_hand(
    optimizer: &mut dyn Optimizer<f32>,
    epochs: usize,
    loss: impl for<'t> Fn(
        &'t Tape<f32>,
        Tensor<f32>,
        &Tensor<usize>,
    ) -> wengert_autograd::Result<Var<'t, f32>>,
) -> Report {
    let (mut doctor, loader) = (Doctor::new(), moons());
    for epoch in 0..epochs {
        for (x, y) in loader.epoch(epoch) {
            let tape = Tape::new().seeded(epoch as u64);
            optimizer.zero_grad();
            let loss = loss(&tape, x, &y).unwrap();
            loss.backward().unwrap();
            doctor.before(loss, optimizer);
            optimizer.step().unwrap();
            doctor.after(optimizer);
        }
    }
    doctor.report()
}

fn first(report: &Report) -> Fault {
    assert!(!report.is_healthy(), "{report}");
    report.findings()[0].fault
}

#[test]
fn a_healthy_run_is_healthy_and_tells_what_was_looked_at() {
    let (model, criterion) = (net(0), CrossEntropyLoss::new());
    let mut optimizer = Adam::new(model.parameters(), 0.01);
    let mut doctor = Doctor::new();
    let loader = moons();
    Trainer::new(&model, &criterion, &mut optimizer).with(&mut doctor).fit(&loader, 20).unwrap();
    let report = doctor.report();
    assert!(report.is_healthy(), "{report}");
    let text = report.to_string();
    assert!(text.starts_with("healthy: nothing found"), "{text}");
    assert!(
        text.contains("the loss of 200 steps") && text.contains("16 units of 1 activation\n"),
        "{text}"
    );
}

#[test]
fn by_hand_and_as_a_companion_it_says_the_same() {
    let run = |by_hand: bool| {
        let (model, criterion, loader) = (net(0), CrossEntropyLoss::new(), moons());
        let mut optimizer = Sgd::new(model.parameters(), 1e-6);
        let mut doctor = Doctor::new();
        if by_hand {
            for epoch in 0..5 {
                for (x, y) in loader.epoch(epoch) {
                    let tape = Tape::new();
                    optimizer.zero_grad();
                    let loss = criterion.forward(model.call(tape.input(x)).unwrap(), &y).unwrap();
                    loss.backward().unwrap();
                    doctor.step(loss, &mut optimizer).unwrap();
                }
            }
        } else {
            Trainer::new(&model, &criterion, &mut optimizer)
                .with(&mut doctor)
                .fit(&loader, 5)
                .unwrap();
        }
        let report = doctor.report();
        (first(&report), report.findings()[0].evidence.iter().map(|e| e.value).collect::<Vec<_>>())
    };
    assert_eq!(run(true), run(false));
    assert_eq!(run(true).0, Fault::RateTooLow);
}

#[test]
fn it_changes_nothing() {
    let run = |watched: bool| {
        let (model, criterion, loader) = (net(0), CrossEntropyLoss::new(), moons());
        let mut optimizer = Adam::new(model.parameters(), 0.01);
        let mut doctor = Doctor::new();
        let mut trainer = Trainer::new(&model, &criterion, &mut optimizer);
        if watched {
            trainer = trainer.with(&mut doctor);
        }
        trainer.fit(&loader, 5).unwrap();
        model.state()
    };
    assert_eq!(run(true), run(false));
}

#[test]
fn a_detached_layer_is_named_with_its_line() {
    let model = net(0);
    let layers: Vec<_> = model.parameters();
    let mut optimizer = Adam::new(layers.clone(), 0.01).allow_unused();
    let line = std::cell::Cell::new(0);
    let report = by_hand(&mut optimizer, 3, |tape, x, y| {
        let h = tape.input(x).linear(tape.param(&layers[0]), Some(tape.param(&layers[1])))?.relu();
        line.set(line!() + 1);
        let h = h.detach();
        let out = h.linear(tape.param(&layers[2]), Some(tape.param(&layers[3])))?;
        CrossEntropyLoss::new().forward(out, y)
    });
    let finding = &report.findings()[0];
    assert_eq!(
        (finding.fault, finding.certainty),
        (Fault::NoGradient, Certainty::Certain),
        "{report}"
    );
    assert_eq!(finding.place.layer.as_deref(), Some("0.weight"));
    assert_eq!(
        (finding.place.op, finding.place.line.unwrap().line()),
        (Some("detach"), line.get())
    );
}

#[test]
fn a_backbone_that_is_detached_and_not_trained_is_meant() {
    let model = net(0);
    let layers: Vec<_> = model.parameters();
    let mut optimizer = Adam::new(layers[2..].to_vec(), 0.02);
    let report = by_hand(&mut optimizer, 20, |tape, x, y| {
        let h = tape
            .input(x)
            .linear(tape.param(&layers[0]), Some(tape.param(&layers[1])))?
            .relu()
            .detach();
        let out = h.linear(tape.param(&layers[2]), Some(tape.param(&layers[3])))?;
        CrossEntropyLoss::new().forward(out, y)
    });
    assert!(report.is_healthy(), "{report}");
}

#[test]
fn a_loss_that_is_not_finite_is_named_in_its_own_step() {
    let w = Param::new(tensor![2.0_f64]);
    w.set_path("w");
    let mut optimizer = Sgd::new([w.clone()], 1.5);
    let mut doctor = Doctor::new();
    let line = line!() + 5;
    for step in 0..10 {
        let tape = Tape::new();
        optimizer.zero_grad();
        // It falls to 0.5, to -1, and has no logarithm then.
        let loss = tape.param(&w).ln().sum() + tape.param(&w).sum();
        loss.backward().unwrap();
        if doctor.step(loss, &mut optimizer).is_err() || !loss.item().unwrap().is_finite() {
            let report = doctor.report();
            let finding = report.find(Fault::NotFinite).unwrap();
            assert_eq!(finding.step, Some(step));
            assert_eq!(
                (finding.place.op, finding.place.line.unwrap().line()),
                (Some("ln"), line),
                "{report}"
            );
            return;
        }
    }
    panic!("it stays finite");
}

#[test]
fn a_gradient_that_is_not_finite_is_named_though_the_loss_is() {
    let w = Param::new(tensor![0.0_f64, 4.0]);
    let mut optimizer = Sgd::new([w.clone()], 0.1);
    let mut doctor = Doctor::new();
    let tape = Tape::new();
    let loss = tape.param(&w).sqrt().sum();
    loss.backward().unwrap();
    assert!(doctor.step(loss, &mut optimizer).is_err());
    let report = doctor.report();
    let finding = report.find(Fault::NotFinite).unwrap();
    assert_eq!((finding.place.op, finding.step), (Some("sqrt"), Some(0)));
    assert!(report.to_string().contains("add a small number under it"), "{report}");
    // As a companion too, though `fit` ends with an error.
    let mut doctor = Doctor::new();
    let data =
        TensorDataset::new(Tensor::<f64>::ones([4, 1]), Tensor::<f64>::ones([4, 1])).unwrap();
    let parts = (w.clone(),);
    let mut optimizer = Sgd::new([w], 0.1);
    let fit = Trainer::custom(
        &parts,
        &mut optimizer,
        |tape: &Tape<f64>, _: Tensor<f64>, _: &Tensor<f64>| {
            let y = tape.param(&parts.0).sqrt();
            Ok((y, y.sum()))
        },
    )
    .with(&mut doctor)
    .fit(&DataLoader::full(data).unwrap(), 1);
    assert!(fit.is_err());
    assert_eq!(doctor.report().findings()[0].place.op, Some("sqrt"));
}

#[test]
fn rows_that_are_mixed_are_found_whatever_the_sizes() {
    let rng = &mut Rng::new(0);
    let (l1, l2) = (Linear::<f32>::new(2, 60, rng), Linear::<f32>::new(60, 2, rng));
    let mut optimizer = Adam::new(l1.parameters().into_iter().chain(l2.parameters()), 0.01);
    let report = by_hand(&mut optimizer, 1, |tape, x, y| {
        let h = l1.call(tape.input(x))?.relu();
        // 30 samples of 60, as 60 of 30 and back: a reshape where a transpose was due.
        let h = h.reshape([60, 30])?.t();
        CrossEntropyLoss::new().forward(l2.call(h)?, y)
    });
    let finding = report.find(Fault::RowsMixed).unwrap();
    assert_eq!(finding.place.op, Some("reshape"), "{report}");
    // The way there and back mixes nothing.
    let report = by_hand(&mut optimizer, 1, |tape, x, y| {
        let h = l1.call(tape.input(x))?.relu().reshape([30, 6, 10])?;
        let h = h.transpose(0, 1)?.transpose(0, 1)?.reshape([30, 60])?;
        CrossEntropyLoss::new().forward(l2.call(h)?, y)
    });
    assert!(report.find(Fault::RowsMixed).is_none(), "{report}");
}

#[test]
fn a_softmax_in_the_model_is_found_behind_views_and_factors() {
    let model = net(0);
    let mut optimizer = Adam::new(model.parameters(), 0.01);
    let report = by_hand(&mut optimizer, 1, |tape, x, y| {
        let p = model.call(tape.input(x))?.softmax(-1)? * 2.0;
        CrossEntropyLoss::new().forward(p, y)
    });
    assert_eq!(first(&report), Fault::DoubledSoftmax);
}

#[test]
fn a_target_that_broadcasts_is_found() {
    let model = Linear::<f32>::new(2, 1, &mut Rng::new(0));
    let mut optimizer = Sgd::new(model.parameters(), 0.01);
    let report = by_hand(&mut optimizer, 1, |tape, x, y| {
        let y: Tensor<f32> = y.cast();
        Ok(model.call(tape.input(x))?.try_sub(&y)?.square().mean())
    });
    assert_eq!(first(&report), Fault::Broadcast);
}

#[test]
fn dropout_on_a_tape_in_evaluation_mode_is_found_and_the_other_way_round() {
    let rng = &mut Rng::new(0);
    let model = Sequential::<f32>::new()
        .with(Linear::new(2, 8, rng))
        .with(Tanh)
        .with(Dropout::new(0.5))
        .with(Linear::new(8, 2, rng));
    let mut optimizer = Adam::new(model.parameters(), 0.01);
    let (mut doctor, criterion) = (Doctor::new(), CrossEntropyLoss::new());
    let (x, y) = moons().epoch(0).next().unwrap();
    let tape = Tape::new().evaluating();
    let loss = criterion.forward(model.call(tape.input(x.clone())).unwrap(), &y).unwrap();
    loss.backward().unwrap();
    doctor.step(loss, &mut optimizer).unwrap();
    assert_eq!(first(&doctor.report()), Fault::EvaluationMode);

    let mut doctor = Doctor::new();
    let tape = Tape::new().seeded(0);
    model.call(tape.input(x.clone())).unwrap();
    doctor.evaluated(&tape);
    assert_eq!(first(&doctor.report()), Fault::EvaluationMode);
    let mut doctor = Doctor::new();
    let tape = Tape::no_grad();
    model.call(tape.input(x)).unwrap();
    doctor.evaluated(&tape);
    assert!(doctor.report().is_healthy());
}

#[test]
fn a_report_is_json_with_all_that_the_text_says() {
    let model = net(0);
    let mut optimizer = Adam::new(model.parameters()[2..].to_vec(), 0.01);
    let report = by_hand(&mut optimizer, 1, |tape, x, y| {
        CrossEntropyLoss::new().forward(model.call(tape.input(x))?, y)
    });
    let json = report.to_json();
    for part in [
        r#""healthy":false"#,
        r#""fault":"NotInOptimizer""#,
        r#""certainty":"certain""#,
        r#""layer":"0.weight""#,
        r#""remedies":[{"text":"make the optimiser from all parameters""#,
    ] {
        assert!(json.contains(part), "{part} is not in {json}");
    }
    assert_eq!(json.matches('{').count(), json.matches('}').count());
}

#[test]
fn overfitting_is_told_by_the_losses_of_validation() {
    let mut doctor = Doctor::new();
    for k in 0..10 {
        let t = f64::from(k);
        doctor.validated(1.0 / (1.0 + t), 0.5 + 0.1 * (t - 3.0).abs());
    }
    assert_eq!(first(&doctor.report()), Fault::Overfitting);
    let mut doctor = Doctor::new();
    (0..10).for_each(|k| doctor.validated(1.0 / f64::from(k + 1), 1.0 / f64::from(k + 1)));
    assert!(doctor.report().is_healthy());
}

#[test]
fn every_fault_has_a_name_of_its_own_and_a_reason() {
    let mut names: Vec<&str> = Fault::ALL.iter().map(|fault| fault.name()).collect();
    assert!(names.iter().all(|name| !name.is_empty()));
    assert!(Fault::ALL.iter().all(|fault| !fault.why().is_empty()));
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Fault::ALL.len());
}

#[test]
fn a_converged_regression_is_healthy_though_its_loss_is_flat() {
    let loader = DataLoader::full(synth::linear::<f64>(100, 3.0, 4.0, 0.5, 0)).unwrap();
    let (model, criterion) = (Linear::new(1, 1, &mut Rng::new(0)), MseLoss::new());
    let mut optimizer = Sgd::new(model.parameters(), 0.02);
    let mut doctor = Doctor::new();
    Trainer::new(&model, &criterion, &mut optimizer).with(&mut doctor).fit(&loader, 2000).unwrap();
    assert!(doctor.report().is_healthy(), "{}", doctor.report());
}

#[test]
fn cures_are_tried_and_leave_everything_as_it_was() {
    let (model, criterion, loader) = (net(0), CrossEntropyLoss::new(), moons());
    let mut optimizer = Adam::new(model.parameters(), 10.0);
    let mut doctor = Doctor::new();
    Trainer::new(&model, &criterion, &mut optimizer).with(&mut doctor).fit(&loader, 5).unwrap();
    let report = doctor.report();
    let finding = report.find(Fault::RateTooHigh).unwrap_or_else(|| panic!("{report}"));
    let before = (model.state(), optimizer.state());
    let grads: Vec<_> = model.parameters().iter().map(Param::grad).collect();
    let cures = finding.try_cures(&model, &criterion, &mut optimizer, &loader, 60).unwrap();
    assert_eq!((model.state(), optimizer.state()), before);
    assert_eq!(model.parameters().iter().map(Param::grad).collect::<Vec<_>>(), grads);
    assert!(cures.first().is_some_and(|tried| tried.course.end < 0.5), "{cures}");
    assert!(cures.to_string().contains("helps"), "{cures}");
    // Once more gives the same, to the bit.
    assert_eq!(finding.try_cures(&model, &criterion, &mut optimizer, &loader, 60).unwrap(), cures);
}

#[test]
fn a_range_test_draws_by_the_users_seed_and_leaves_everything_as_it_was() {
    use wengert_train::{RangeEnd, lr_range_test, lr_range_test_seeded};
    let rng = &mut Rng::new(0);
    let model = Sequential::<f32>::new()
        .with(Linear::new(2, 8, rng))
        .with(Relu)
        .with(Dropout::new(0.5))
        .with(Linear::new(8, 2, rng));
    let (criterion, loader) = (CrossEntropyLoss::new(), moons());
    let mut optimizer = Adam::new(model.parameters(), 0.01);
    model.parameters()[0].set_grad(Some(Tensor::ones([8, 2])));
    let before = (model.state(), optimizer.state(), model.parameters()[0].grad());
    let mut test = |seed| {
        let rates = (1e-4, 1e-2);
        let done =
            lr_range_test_seeded(&model, &criterion, &mut optimizer, &loader, rates, 15, seed);
        assert_eq!((model.state(), optimizer.state(), model.parameters()[0].grad()), before);
        done.unwrap()
    };
    assert_eq!(test(1), test(1));
    assert_ne!(test(1).steps, test(2).steps);
    assert_eq!(test(1).end, RangeEnd::Done);
    // Without a seed a draw is an error, as in `train_epoch`.
    assert!(lr_range_test(&model, &criterion, &mut optimizer, &loader, (1e-4, 1e-2), 15).is_err());
    assert_eq!((model.state(), optimizer.state()), (before.0, before.1));
}

#[test]
fn a_softmax_that_is_missing_is_found() {
    let model = net(0);
    let mut optimizer = Adam::new(model.parameters(), 0.01);
    let report = by_hand(&mut optimizer, 1, |tape, x, y| {
        let out = model.call(tape.input(x))?;
        Ok(-out.gather(1, tape.input(y.reshape([y.len(), 1])?))?.mean())
    });
    assert_eq!(first(&report), Fault::MissingSoftmax);
    let report = by_hand(&mut optimizer, 1, |tape, x, y| {
        let out = model.call(tape.input(x))?.log_softmax(-1)?;
        Ok(-out.gather(1, tape.input(y.reshape([y.len(), 1])?))?.mean())
    });
    assert!(report.is_healthy(), "{report}");
}

#[test]
fn the_flow_of_gradients_is_read_layer_by_layer() {
    let rng = &mut Rng::new(0);
    let mut model =
        Sequential::<f32>::new().with(Linear::new(2, 16, rng)).with(wengert_nn::Sigmoid);
    for _ in 0..6 {
        model = model.with(Linear::new(16, 16, rng)).with(wengert_nn::Sigmoid);
    }
    let model = model.with(Linear::new(16, 2, rng));
    let (criterion, loader, mut doctor) = (CrossEntropyLoss::new(), moons(), Doctor::new());
    let mut optimizer = Sgd::new(model.parameters(), 0.1);
    Trainer::new(&model, &criterion, &mut optimizer).with(&mut doctor).fit(&loader, 5).unwrap();
    let flow = doctor.flow();
    let last = |k: usize| flow.rows[k].gradients.last().unwrap().1;
    assert_eq!(flow.rows.len(), 8);
    assert!(last(0) < 1e-3 * last(7), "{flow}");
    assert_eq!(first(&doctor.report()), Fault::Vanishing);
    assert!(flow.to_string().lines().count() == 9 && flow.to_svg().contains("14.weight"));
    let page = doctor.to_page();
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("a gradient that vanishes"));
    assert!(
        !page.contains("http://")
            || page.matches("http://").count()
                == page.matches("http://www.w3.org/2000/svg").count()
    );
}

#[test]
fn curvature_is_measured_on_suspicion_and_changes_nothing() {
    let data = synth::linear::<f32>(100, 3.0, 4.0, 0.5, 0);
    let (x, y) = data.into_parts();
    // Descent diverges above about 0.03.
    let trained = |rate: f64, mut doctor: Option<&mut Doctor>| {
        let model = Linear::new(1, 1, &mut Rng::new(0));
        let mut optimizer = Sgd::new(model.parameters(), rate);
        for _ in 0..20 {
            let tape = Tape::new();
            optimizer.zero_grad();
            let out = model.call(tape.input(x.clone())).unwrap();
            let loss = MseLoss::new().forward(out, &y).unwrap();
            loss.backward().unwrap();
            if let Some(doctor) = &mut doctor {
                doctor.before(loss, &optimizer);
            }
            optimizer.step().unwrap();
            if let Some(doctor) = &mut doctor {
                doctor.after(&optimizer);
            }
        }
        model.state()
    };
    let mut doctor = Doctor::new();
    assert_eq!(trained(0.07, None), trained(0.07, Some(&mut doctor)));
    let report = doctor.report();
    assert_eq!(first(&report), Fault::RateTooHigh);
    let curvature = report.findings()[0].evidence.iter().find(|e| e.what.contains("curvature"));
    let curvature = curvature.unwrap_or_else(|| panic!("{report}"));
    let stands = 2.0 / 0.07;
    assert!((curvature.threshold.unwrap() - stands).abs() < 1e-9 && curvature.value > stands);
    let mut doctor = Doctor::new();
    trained(0.02, Some(&mut doctor));
    assert!(doctor.report().is_healthy(), "{}", doctor.report());
}

#[test]
fn the_worst_samples_add_up_with_weights_of_classes() {
    let (x, y) = synth::moons::<f64>(60, 0.3, 0).into_parts();
    let model = Linear::new(2, 2, &mut Rng::new(0));
    let batch = (x, y);
    for criterion in [
        CrossEntropyLoss::new(),
        CrossEntropyLoss::new().weight(tensor![1.0, 5.0]),
        CrossEntropyLoss::new().weight(tensor![1.0, 5.0]).reduction(Reduction::Sum),
    ] {
        let worst = worst_samples(&model, &criterion, &batch).unwrap();
        let sum: f64 = worst.samples.iter().map(|s| s.contribution).sum();
        assert!((sum - worst.loss).abs() < 1e-9, "{sum}: {worst:?}");
        assert_eq!(worst.classes.len(), 2, "{criterion:?}: {worst:?}");
        assert!((worst.classes.iter().sum::<f64>() - worst.loss).abs() < 1e-9);
    }
    // Smoothed labels are not read back from the tape, so there are no classes.
    let smooth = CrossEntropyLoss::new().label_smoothing(0.1);
    let worst = worst_samples(&model, &smooth, &batch).unwrap();
    let sum: f64 = worst.samples.iter().map(|s| s.contribution).sum();
    assert!((sum - worst.loss).abs() < 1e-9 && worst.classes.is_empty());
    // A weight of 5 makes a contribution of 5 times as much.
    let of = |criterion: &CrossEntropyLoss<f64>| worst_samples(&model, criterion, &batch).unwrap();
    let plain = of(&CrossEntropyLoss::new()).classes;
    let weighted = of(&CrossEntropyLoss::new().weight(tensor![1.0, 5.0])).classes;
    assert!((weighted[1] / weighted[0] - 5.0 * plain[1] / plain[0]).abs() < 1e-9);
}
