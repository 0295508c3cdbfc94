//! Errors of a dataset of one's own come out of everything that trains or evaluates.

use std::panic::{AssertUnwindSafe, catch_unwind};

use wengert_data::{DataLoader, Dataset, Error, TensorDataset};
use wengert_loss::MseLoss;
use wengert_nn::{Linear, Parts};
use wengert_optim::Sgd;
use wengert_tensor::{Rng, Tensor};
use wengert_train::{Trainer, evaluate, lr_range_test, train_epoch};

/// Samples of which this one cannot be read.
struct Files {
    missing: usize,
}

impl Dataset for Files {
    type Batch = (Tensor<f32>, Tensor<f32>);
    fn len(&self) -> usize {
        4
    }
    fn batch(&self, rows: &[usize]) -> wengert_data::Result<Self::Batch> {
        if rows.contains(&self.missing) {
            return Err(Error::other(format!("sample {} is no image", self.missing)));
        }
        Ok((Tensor::ones([rows.len(), 1]), Tensor::ones([rows.len(), 1])))
    }
}

#[test]
fn an_error_of_a_dataset_is_an_error_of_the_training() {
    let model = Linear::<f32>::new(1, 1, &mut Rng::new(0));
    let criterion = MseLoss::new();
    let mut optimizer = Sgd::new(model.parameters(), 0.01);
    for missing in [0, 3] {
        let loader = DataLoader::new(Files { missing }, 2).unwrap();
        let said = format!("sample {missing} is no image");
        let mut trainer = Trainer::new(&model, &criterion, &mut optimizer).silent();
        assert_eq!(trainer.fit(&loader, 1).unwrap_err().to_string(), said);
        drop(trainer);
        let whole = DataLoader::new(Files { missing: 4 }, 2).unwrap();
        let mut trainer = Trainer::new(&model, &criterion, &mut optimizer).silent();
        trainer = trainer.validation(&loader);
        assert_eq!(trainer.fit(&whole, 1).unwrap_err().to_string(), said);
        drop(trainer);
        assert_eq!(evaluate(&model, &criterion, &loader).unwrap_err().to_string(), said);
        let epoch = train_epoch(&model, &criterion, &mut optimizer, &loader, 0);
        assert_eq!(epoch.unwrap_err().to_string(), said);
        let test = lr_range_test(&model, &criterion, &mut optimizer, &loader, (1e-5, 1.0), 10);
        assert_eq!(test.unwrap_err().to_string(), said);
    }
}

#[test]
fn a_loop_over_epoch_panics_and_names_its_twin() {
    let loader = DataLoader::new(Files { missing: 3 }, 2).unwrap();
    let read: Vec<bool> = loader.try_epoch(0).map(|batch| batch.is_ok()).collect();
    assert_eq!(read, [true, false]);
    let panic = catch_unwind(AssertUnwindSafe(|| loader.epoch(0).count())).unwrap_err();
    let said = panic.downcast_ref::<String>().unwrap();
    assert!(said.contains("sample 3 is no image") && said.contains("`try_epoch`"), "{said}");
}

#[test]
fn a_run_on_samples_that_are_changed_at_random_is_the_same_each_time() {
    let data =
        TensorDataset::new(Tensor::<f32>::ones([6, 1]), Tensor::<f32>::ones([6, 1])).unwrap();
    let loader = DataLoader::new(data, 2).unwrap().shuffle(0);
    let noisy = loader.clone().mapped(1, |(x, y), rng| Ok((x.try_add(&x.rand_like(rng))?, y)));
    let fitted = |from: usize, optimizer: &mut Sgd<f32>, model: &Linear<f32>| {
        let mut seen = model.parameters()[0].value();
        for epoch in from..3 {
            train_epoch(model, &MseLoss::new(), optimizer, &noisy, epoch).unwrap();
            seen = model.parameters()[0].value();
        }
        seen
    };
    let start = || Linear::<f32>::new(1, 1, &mut Rng::new(0));
    let model = start();
    let whole = fitted(0, &mut Sgd::new(model.parameters(), 0.01), &model);
    let (again, mut first) = (start(), Vec::new());
    let optimizer = &mut Sgd::new(again.parameters(), 0.01);
    for epoch in 0..2 {
        train_epoch(&again, &MseLoss::new(), optimizer, &noisy, epoch).unwrap();
        first.push(again.parameters()[0].value());
    }
    // A copy goes on from the second epoch, to the bit.
    let copy = again.deep_copy().unwrap();
    let mut rest = Sgd::new(copy.parameters(), 0.01);
    assert_eq!(fitted(2, &mut rest, &copy), whole);
    assert_ne!(first[1], whole);

    let failing =
        loader.mapped(
            1,
            |(x, y), _| {
                if y.item()? == 1.0 { Err(Error::other("no image")) } else { Ok((x, y)) }
            },
        );
    let criterion = MseLoss::new();
    let mut optimizer = Sgd::new(model.parameters(), 0.01);
    let mut trainer = Trainer::new(&model, &criterion, &mut optimizer).silent();
    assert_eq!(trainer.fit(&failing, 1).unwrap_err().to_string(), "no image");
}
