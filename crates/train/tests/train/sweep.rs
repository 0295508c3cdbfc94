//! Searches: the same table on any number of threads, failures as rows, spaces and their faults; settings saved with a checkpoint.

use std::sync::atomic::{AtomicUsize, Ordering};

use wengert_data::{DataLoader, synth};
use wengert_loss::CrossEntropyLoss;
use wengert_nn::{Dropout, Linear, Parts, Sequential, Tanh};
use wengert_optim::Sgd;
use wengert_tensor::{Rng, Tensor, set_threads};
use wengert_train::{Checkpoint, Config, Setting, Space, SweepTable, Trainer, sweep};

/// Trains a small net with dropout; its validation loss.
fn train(config: &Config, seed: u64) -> Result<f64, Box<dyn std::error::Error>> {
    let (train, test) = synth::moons::<f32>(120, 0.2, seed).split(0.3, seed)?;
    let (train, test) = (DataLoader::new(train, 20)?.shuffle(seed), DataLoader::full(test)?);
    let (rng, width) = (&mut Rng::new(seed), config.count("width")?);
    let model = Sequential::new()
        .with(Linear::new(2, width, rng))
        .with(Tanh)
        .with(Dropout::new(0.1))
        .with(Linear::new(width, 2, rng));
    let mut optimizer = Sgd::new(model.parameters(), config.number("lr")?).momentum(0.9);
    let criterion = CrossEntropyLoss::new();
    let mut trainer =
        Trainer::new(&model, &criterion, &mut optimizer).validation(&test).seed(seed).silent();
    let history = trainer.fit(&train, 3)?;
    history.best().and_then(|epoch| epoch.validation_loss).ok_or("no epoch".into())
}

#[test]
fn the_table_does_not_depend_on_threads() {
    let space = Space::grid().values("lr", [0.1, 1e-3, 3e38]).values("width", [4, 64]);
    let run = |threads: usize| {
        set_threads(threads);
        sweep(&space, 0..3, train).unwrap()
    };
    let table = run(1);
    for threads in [2, 3, 16] {
        assert!(run(threads) == table, "{threads} threads");
    }
    set_threads(2);
    assert_eq!(table.rows.len(), 6);
    let rate = |k: usize| table.rows[k].config.number("lr").unwrap();
    assert_eq!([0, 1, 2, 3].map(rate), [0.1, 0.1, 1e-3, 1e-3], "{table}");
    // A rate at which training diverges is a row, with the reason.
    assert_eq!([4, 5].map(rate), [3e38, 3e38]);
    let (_, why) = table.rows[5].failures().next().unwrap();
    assert!(why.contains("not finite") || why.contains("loss is"), "{why}");
    assert!(table.rows[..4].windows(2).all(|pair| pair[0].mean() <= pair[1].mean()));
    // Each score is that of the trial by itself.
    let row = &table.rows[0];
    for (seed, score) in &row.scores {
        assert_eq!(score.as_ref().unwrap(), &train(&row.config, *seed).unwrap());
    }
}

/// Scores by hand: means, spreads, order, failures.
#[test]
fn rows_are_sorted_and_failures_are_kept() {
    let space = Space::grid().values("a", [1, 2, 3, 4, 5]).values("kind", ["x", "y"]);
    let calls = AtomicUsize::new(0);
    let table = sweep(&space, [10, 20], |config, seed| {
        calls.fetch_add(1, Ordering::Relaxed);
        let (a, kind) = (config.number("a")?, config.word("kind")?);
        match (a as i32, kind, seed) {
            (2, "x", 20) => Err("the disk is full".into()),
            (3, "y", _) => panic!("seed {seed} went wrong"),
            (4, "y", 10) => Ok(f64::NAN),
            (5, "x", _) => Ok(config.number("b")?),
            _ => Ok(a * seed as f64 + if kind == "y" { 0.5 } else { 0.0 }),
        }
    })
    .unwrap();
    assert_eq!(calls.into_inner(), 20);
    let names: Vec<String> = table.rows.iter().map(|row| row.config.to_string()).collect();
    let expected = ["1 x", "1 y", "2 y", "3 x", "4 x", "5 y", "2 x", "4 y", "3 y", "5 x"];
    let expected = expected.map(|row| format!("a {}, kind {}", &row[..1], &row[2..]));
    assert_eq!(names, expected, "{table}");
    let best = table.best().unwrap();
    assert_eq!((best.mean(), best.spread()), (Some(15.0), Some(50.0_f64.sqrt())));
    // Of one score there is no spread, and of none no mean.
    assert_eq!((table.rows[6].mean(), table.rows[6].spread()), (Some(20.0), None));
    assert_eq!((table.rows[8].mean(), table.rows[8].spread()), (None, None));
    let failures = |k: usize| table.rows[k].failures().collect::<Vec<_>>();
    assert_eq!(failures(6), [(20, "the disk is full")]);
    assert_eq!(failures(7), [(10, "the score is NaN")]);
    assert_eq!(failures(8)[0], (10, "a panic: seed 10 went wrong"));
    assert!(failures(9)[1].1.contains("there is no `b`; there are `a` and `kind`"));

    // The mean over the other settings.
    let by = table.by("kind");
    assert_eq!(by[0].0, Setting::from("x"));
    let scores = [10.0, 20.0, 20.0, 30.0, 60.0, 40.0, 80.0];
    assert!((by[0].1 - scores.iter().sum::<f64>() / 7.0).abs() < 1e-12);
    assert!(by[0].2.unwrap() > 0.0 && table.by("none").is_empty());

    let text = table.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "a  kind        mean      spread  trials");
    assert_eq!(lines[1], "1     x     15.0000      7.0711  2");
    assert_eq!(lines[7], "2     x     20.0000              1, 1 failed: seed 20: the disk is full");

    let highest = table.highest_first();
    assert_eq!(highest.best().unwrap().config, Config::new().with("a", 5).with("kind", "y"));
    assert_eq!(highest.rows[9].mean(), None);
    let none: SweepTable = sweep(&Space::grid().values("a", [1]), [], |_, _| Ok(0.0)).unwrap();
    assert!(none.best().is_none() && none.rows.len() == 1);
}

#[test]
fn a_grid_has_each_pair_once_and_draws_are_those_of_the_seed() {
    let grid = Space::grid().values("a", [1, 2]).values("b", ["x", "y", "z"]);
    let told: Vec<String> = grid.configs().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(told, ["a 1, b x", "a 1, b y", "a 1, b z", "a 2, b x", "a 2, b y", "a 2, b z"]);

    let space = |count: usize, seed: u64| {
        let space = Space::random(count, seed).log_uniform("lr", 1e-4..1e-1);
        space.uniform("momentum", 0.5..0.75).values("width", [8, 16]).configs().unwrap()
    };
    let configs = space(2000, 3);
    assert_eq!(configs, space(2000, 3));
    assert_eq!(configs[..5], space(5, 3));
    assert_ne!(configs[..5], space(5, 4));
    let numbers = |name: &str| configs.iter().map(|c| c.number(name).unwrap()).collect::<Vec<_>>();
    let share = |numbers: &[f64], below: f64| {
        numbers.iter().filter(|&&x| x < below).count() as f64 / numbers.len() as f64
    };
    let rates = numbers("lr");
    assert!(rates.iter().all(|x| (1e-4..=1e-1).contains(x)));
    // A third in each power of ten; four standard errors are 0.042.
    assert!((share(&rates, 1e-3) - 1.0 / 3.0).abs() < 0.042);
    assert!((share(&rates, 1e-2) - 2.0 / 3.0).abs() < 0.042);
    let momenta = numbers("momentum");
    assert!(momenta.iter().all(|x| (0.5..=0.75).contains(x)));
    assert!((share(&momenta, 0.625) - 0.5).abs() < 0.045);
    assert!((share(&numbers("width"), 9.0) - 0.5).abs() < 0.045);
}

#[test]
fn spaces_that_are_none_are_rejected() {
    let none: [f64; 0] = [];
    let faults = [
        (Space::grid(), "one setting and one draw at least"),
        (Space::random(0, 0).uniform("a", 0.0..1.0), "one setting and one draw at least"),
        (Space::grid().values("a", none), "`a` has no values"),
        (Space::grid().values("a", [1]).values("a", [2]), "`a` is given twice"),
        (Space::grid().uniform("a", 0.0..1.0), "`a` is a range, and a grid needs values"),
        (Space::random(usize::MAX, 0).uniform("a", 0.0..1.0), "has no end"),
        (
            (0..64).fold(Space::grid(), |space, k| space.values(&format!("k{k}"), [1, 2])),
            "a search of 18446744073709551615 configurations, more than 1000000, has no end",
        ),
        (Space::random(1, 0).uniform("a", 1.0..1.0), "drawn from 1 to 1; the first must be below"),
        (Space::random(1, 0).uniform("a", 0.0..f64::INFINITY), "drawn from 0 to inf"),
        (Space::random(1, 0).log_uniform("a", 0.0..1.0), "the first must be above 0 and below"),
        (Space::random(1, 0).log_uniform("a", f64::NAN..1.0), "drawn from NaN to 1"),
    ];
    for (space, expected) in faults {
        let error = sweep(&space, 0..1, |_, _| Ok(0.0)).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains("tests/train/sweep.rs"), "{error}");
    }
}

#[test]
fn settings_are_read_by_kind() {
    let config = Config::new().with("lr", 0.5).with("name", "adam").with("half", 2.5);
    let told = |error: wengert_train::Error| error.to_string();
    assert!(
        told(config.number("name").unwrap_err()).contains("`name` is `adam`, and must be a number")
    );
    assert!(told(config.word("lr").unwrap_err()).contains("`lr` is 0.5, and must be a word"));
    assert!(
        told(config.count("half").unwrap_err())
            .contains("`half` is 2.5, and must be a whole number")
    );
    assert!(told(Config::new().number("x").unwrap_err()).contains("there are no settings"));
    let other = Config::new().with("lr", 1e-7).with("name", "adam");
    assert_eq!(config.differences(&other), ["`half` is 2.5 and none", "`lr` is 0.5 and 1e-7"]);
    assert!(config.differences(&config).is_empty());
}

#[test]
fn settings_come_back_from_a_checkpoint_to_the_bit() {
    let (loader, criterion) = (
        DataLoader::new(synth::moons::<f32>(40, 0.2, 0), 20).unwrap(),
        CrossEntropyLoss::<f32>::new(),
    );
    let config = Config::new()
        .with("lr", 0.1 + 0.2)
        .with("tiny", 5e-324)
        .with("beyond", f64::INFINITY)
        .with("count", usize::pow(2, 53))
        .with("word", "a \"word\", a line\nand 字")
        .with("like a number", "0.5")
        .with("empty", "");
    let model = Linear::<f32>::new(2, 2, &mut Rng::new(0));
    let file = std::env::temp_dir().join(format!("sweep-{}.safetensors", std::process::id()));
    let mut optimizer = Sgd::new(model.parameters(), 0.1);
    let mut trainer = Trainer::new(&model, &criterion, &mut optimizer)
        .config(config.clone())
        .checkpoint_to(&file)
        .silent();
    trainer.fit(&loader, 2).unwrap();
    drop(trainer);
    let checkpoint = Checkpoint::load(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert_eq!(checkpoint.config, config);

    // A run with other settings does not take it up unawares, and one without settings has these now.
    let mut resumed = |config: Config| {
        let trainer =
            Trainer::<f32, Tensor<f32>, Tensor<usize>>::new(&model, &criterion, &mut optimizer);
        trainer.config(config).resume(&checkpoint).map(|mut trainer| trainer.checkpoint().config)
    };
    assert_eq!(resumed(config.clone()).unwrap(), config);
    assert_eq!(resumed(Config::new()).unwrap(), config);
    let error = resumed(config.with("lr", 0.3)).unwrap_err().to_string();
    assert!(error.contains("`lr` is 0.3 and 0.30000000000000004"), "{error}");
    assert!(error.contains("tests/train/sweep.rs"), "{error}");
}
