//! Settings that mean nothing, which are refused, and zeros, which have one meaning each.

use wengert_data::{DataLoader, synth};
use wengert_loss::CrossEntropyLoss;
use wengert_nn::{Linear, Parts};
use wengert_optim::schedule::{ReduceLrOnPlateau, Schedule, StepLr, Threshold};
use wengert_optim::{Adam, ClipNorm};
use wengert_tensor::Rng;
use wengert_train::{Checkpoints, EarlyStopping, Trainer, lr_range_test};

/// Settings of which a rate would be no number, or 0, or training would end at once, are errors that name them.
#[test]
fn settings_that_are_no_numbers_are_refused() {
    let loader = DataLoader::new(synth::moons::<f32>(30, 0.1, 0), 10).unwrap();
    let criterion = CrossEntropyLoss::new();
    let plateau = || ReduceLrOnPlateau::new(0.1).patience(0);
    let stopping = || EarlyStopping::new().patience(1);
    let nan = f64::NAN;
    let of_plateau = [
        ("`factor` is NaN", plateau().factor(nan)),
        ("`factor` is 2", plateau().factor(2.0)),
        ("`threshold` is NaN", plateau().threshold(Threshold::Absolute(nan))),
        ("`rate` is NaN", ReduceLrOnPlateau::new(nan)),
        ("`at_least` is NaN", plateau().at_least(nan)),
        ("`eps` is -1", plateau().eps(-1.0)),
    ];
    let of_stopping = [
        ("`min_delta` is NaN", stopping().min_delta(nan)),
        ("`min_delta` is -1", stopping().min_delta(-1.0)),
        ("`loss_below` is NaN", stopping().loss_below(nan)),
        ("`loss_below` is -inf", stopping().loss_below(f64::NEG_INFINITY)),
        ("`grad_norm_below` is NaN", stopping().grad_norm_below(nan)),
        ("`grad_norm_below` is 0", stopping().grad_norm_below(0.0)),
    ];
    let mut says = Vec::new();
    let model = Linear::<f32>::new(2, 2, &mut Rng::new(0));
    for (rule, plateau) in of_plateau {
        let mut optimizer = Adam::new(model.parameters(), 0.01);
        let trainer = Trainer::new(&model, &criterion, &mut optimizer).silent();
        says.push((rule, trainer.plateau(plateau).fit(&loader, 2).unwrap_err().to_string()));
    }
    for (rule, stopping) in of_stopping {
        let mut optimizer = Adam::new(model.parameters(), 0.01);
        let trainer = Trainer::new(&model, &criterion, &mut optimizer).silent();
        says.push((rule, trainer.stopping(stopping).fit(&loader, 2).unwrap_err().to_string()));
    }
    for (name, by_value) in [("clip_norm", false), ("clip_value", true)] {
        let mut optimizer = Adam::new(model.parameters(), 0.01);
        let trainer = Trainer::new(&model, &criterion, &mut optimizer).silent();
        let mut trainer = if by_value { trainer.clip_value(0.0) } else { trainer.clip_norm(0.0) };
        says.push((name, trainer.fit(&loader, 2).unwrap_err().to_string()));
    }
    // Clipping of one's own to nothing is as clear.
    let mut optimizer = Adam::new(model.parameters(), 0.01);
    let trainer = Trainer::new(&model, &criterion, &mut optimizer).silent();
    let mut trainer = trainer.with(ClipNorm::new(0.0).norm(1.0));
    says.push(("clip_norm", trainer.fit(&loader, 2).unwrap_err().to_string()));
    for (rule, rates, steps) in [
        ("the rates are 1 and 0.1", (1.0, 0.1), 10),
        ("the rates are 0 and 0.1", (0.0, 0.1), 10),
        ("the rates are NaN and 0.1", (nan, 0.1), 10),
        ("`steps` is 1", (0.1, 1.0), 1),
    ] {
        let mut optimizer = Adam::new(model.parameters(), 0.01);
        let test = lr_range_test(&model, &criterion, &mut optimizer, &loader, rates, steps);
        says.push((rule, test.unwrap_err().to_string()));
    }
    for (rule, error) in says {
        assert!(
            error.contains(rule) && error.contains("tests/train/settings.rs:"),
            "{rule}: {error}"
        );
    }
}

/// A schedule whose options give no rate, and a closure that gives none, are errors that name them; nothing is changed.
#[test]
fn schedules_without_a_rate_are_refused() {
    let loader = DataLoader::new(synth::moons::<f32>(30, 0.1, 0), 10).unwrap();
    let criterion = CrossEntropyLoss::new();
    let model = Linear::<f32>::new(2, 2, &mut Rng::new(0));
    let before = model.state();
    let says = |schedule: Box<dyn Schedule>, by_epoch: bool| {
        let mut optimizer = Adam::new(model.parameters(), 0.01);
        let trainer = Trainer::new(&model, &criterion, &mut optimizer).silent();
        let mut trainer =
            if by_epoch { trainer.schedule_by_epoch(schedule) } else { trainer.schedule(schedule) };
        let error = trainer.fit(&loader, 2).unwrap_err().to_string();
        assert!(error.contains("tests/train/settings.rs:") && error.contains("help: "), "{error}");
        error
    };
    for by_epoch in [false, true] {
        let error = says(Box::new(StepLr::new(0.1, 0)), by_epoch);
        assert!(error.starts_with("StepLr: `size` is 0, and must be at least 1"), "{error}");
        let error = says(Box::new(|step: usize| 1.0 / step as f64), by_epoch);
        assert!(error.contains("0 is inf, and a learning rate must be finite"), "{error}");
        let error = says(Box::new(|_: usize| -0.1), by_epoch);
        assert!(error.contains("is -0.1, and"), "{error}");
    }
    assert_eq!(model.state(), before);
}

/// Numbers of 0 that could mean a run which saves nothing, or waits for nothing, have one meaning each.
#[test]
fn zeros_have_a_meaning() {
    let loader = DataLoader::new(synth::moons::<f32>(30, 0.1, 0), 10).unwrap();
    let criterion = CrossEntropyLoss::new();
    let model = Linear::<f32>::new(2, 2, &mut Rng::new(0));
    let file =
        std::env::temp_dir().join(format!("wengert-zeros-{}.safetensors", std::process::id()));
    let older = file.with_extension("1.safetensors");
    let mut optimizer = Adam::new(model.parameters(), 0.01);
    macro_rules! trainer {
        () => {
            Trainer::new(&model, &criterion, &mut optimizer).silent()
        };
    }
    let none = trainer!().checkpoint_to(&file).checkpoint_every(0).fit(&loader, 1).unwrap_err();
    let nowhere = trainer!().checkpoint_every(5).fit(&loader, 1).unwrap_err();
    for (rule, error) in [
        ("`checkpoint_every(0)` names no step", none),
        ("`checkpoint_every(5)` has no file to write\n  help: call `checkpoint_to(path)`", nowhere),
    ] {
        let error = error.to_string();
        assert!(error.contains(rule) && error.contains("tests/train/settings.rs:"), "{error}");
    }
    assert!(!file.exists());
    // Of 0 files one is kept, and patience of 0 epochs ends at the first that is no better.
    trainer!().checkpoint_to(Checkpoints::at(&file).keep(0)).fit(&loader, 2).unwrap();
    assert!(file.exists() && !older.exists());
    std::fs::remove_file(&file).unwrap();
    let waits = |patience| EarlyStopping::new().patience(patience).min_delta(9.0);
    let epochs =
        [0, 1].map(|n| trainer!().stopping(waits(n)).fit(&loader, 9).unwrap().epochs.len());
    assert_eq!(epochs, [2, 2]);
    let ends = trainer!().stopping(EarlyStopping::new().epochs(0)).fit(&loader, 9).unwrap();
    assert_eq!(ends.epochs.len(), 1);
    // No epochs train nothing.
    let before = model.state();
    assert!(trainer!().fit(&loader, 0).unwrap().epochs.is_empty());
    let schedule = StepLr::new(0.1, 0);
    assert!(trainer!().schedule(schedule).fit(&loader, 0).unwrap().epochs.is_empty());
    assert_eq!(model.state(), before);
}
