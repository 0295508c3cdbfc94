//! Errors and reports name the user's line, and the mistake as the user made it.

use wengert_autograd::Var;
use wengert_data::{DataLoader, TensorDataset, synth};
use wengert_loss::{Loss, MseLoss, Reduction, custom};
use wengert_nn::{Linear, Parts, Relu, Tanh};
use wengert_optim::Sgd;
use wengert_tensor::{Rng, Tensor};
use wengert_train::{Config, Doctor, Trainer, evaluate, lr_range_test, train_epoch};

/// All that trains or evaluates says it.
fn check<L: for<'t, 'b> Loss<'t, f32, &'b Tensor<f32>>>(
    criterion: &L,
    model: &Linear<f32>,
    optimizer: &mut Sgd<f32>,
    loader: &DataLoader<TensorDataset<f32, f32>>,
) {
    let mut trainer = Trainer::new(model, criterion, optimizer);
    let fit = trainer.fit(loader, 1).unwrap_err();
    drop(trainer);
    let said = [
        ("training", fit),
        ("training", train_epoch(model, criterion, optimizer, loader, 0).unwrap_err()),
        ("evaluate", evaluate(model, criterion, loader).unwrap_err()),
        (
            "lr_range_test",
            lr_range_test(model, criterion, optimizer, loader, (1e-5, 1.0), 5).unwrap_err(),
        ),
    ];
    for (verb, error) in said {
        let text = error.to_string();
        assert!(text.starts_with(&format!("{verb}: the loss has shape [10, 1]")), "{text}");
        assert!(text.contains("`.mean()`") && text.contains("tests/train/lines.rs:"), "{text}");
    }
}

#[test]
fn a_loss_that_is_not_reduced_is_named_with_the_fix() {
    let loader = DataLoader::full(synth::linear::<f32>(10, 3.0, 4.0, 0.5, 0)).unwrap();
    let model = Linear::<f32>::new(1, 1, &mut Rng::new(0));
    let mut optimizer = Sgd::new(model.parameters(), 0.01);
    let whole = MseLoss::new().reduction(Reduction::None);
    let own = custom(|y: Var<'_, f32>, t: &Tensor<f32>| Ok(y.try_sub(t)?.square()));
    check(&whole, &model, &mut optimizer, &loader);
    check(&own, &model, &mut optimizer, &loader);
}

#[test]
fn a_setting_that_is_not_there_is_an_error_of_the_users_line() {
    let config = Config::new().with("lr", 0.1);
    for error in [config.number("rl").unwrap_err(), config.word("rl").unwrap_err()] {
        let text = error.to_string();
        assert!(text.contains("at crates/train/tests/train/lines.rs:"), "{text}");
    }
}

#[test]
fn a_doctor_of_a_trainer_names_the_line_of_fit() {
    let rng = &mut Rng::new(0);
    let x = Tensor::randn([200, 3], rng);
    let y = x.map(|x| x - 50.0).narrow(1, 0, 1).unwrap();
    let loader = DataLoader::new(TensorDataset::new(x, y).unwrap(), 20).unwrap();
    let model =
        wengert_nn::sequential![Linear::<f32>::new(3, 8, rng), Tanh, Linear::new(8, 1, rng), Relu];
    let criterion = MseLoss::new();
    let mut optimizer = Sgd::new(model.parameters(), 0.01);
    let mut doctor = Doctor::new();
    Trainer::new(&model, &criterion, &mut optimizer).with(&mut doctor).fit(&loader, 3).unwrap();
    let report = doctor.report();
    let lines: Vec<_> = report.findings().iter().filter_map(|f| f.place.line).collect();
    assert!(!lines.is_empty(), "{report}");
    for line in lines {
        assert!(line.file().ends_with("tests/train/lines.rs"), "{report}");
    }
}
