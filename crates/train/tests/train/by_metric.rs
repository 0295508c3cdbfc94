//! Early stopping, and the best epoch, by a metric.

use wengert_data::{DataLoader, TensorDataset};
use wengert_loss::MseLoss;
use wengert_nn::{Linear, Parts};
use wengert_optim::Sgd;
use wengert_tensor::{Rng, Tensor, tensor};
use wengert_train::{EarlyStopping, Trainer};

#[test]
fn early_stopping_goes_by_a_metric() {
    // The weight falls to 0, and the loss with it; the score is best on the way.
    let data =
        TensorDataset::new(Tensor::<f32>::ones([4, 1]), Tensor::<f32>::zeros([4, 1])).unwrap();
    let loader = DataLoader::full(data).unwrap();
    let trained = |stopping: EarlyStopping<f32>| {
        let model = Linear::<f32>::new(1, 1, &mut Rng::new(0)).without_bias();
        model.weight.set(tensor![[1.0]]);
        let (criterion, mut optimizer) = (MseLoss::new(), Sgd::new(model.parameters(), 0.1));
        let mut trainer = Trainer::new(&model, &criterion, &mut optimizer)
            .silent()
            .validation(&loader)
            .metric("score", |y: &Tensor<f32>, _: &Tensor<f32>| {
                let y = f64::from(y.mean().item()?);
                Ok(1.0 - (y - 0.4).abs())
            })
            .stopping(stopping);
        let said = trainer.to_string();
        (trainer.fit(&loader, 20), model.weight.value().to_vec()[0], said)
    };
    let (history, weight, said) = trained(EarlyStopping::new().highest("score").patience(3));
    let history = history.unwrap();
    let best = *history.highest("score").unwrap();
    let stopped = history.stopped.unwrap();
    assert!(said.contains("by the highest score"), "{said}");
    assert!(best.number < history.epochs.len() && (weight - 0.4).abs() < 0.06, "{history}");
    assert_eq!((stopped.best_epoch, stopped.epoch), (best.number, best.number + 3));
    assert_eq!(stopped.best_loss, best.loss());
    assert_ne!(history.best().unwrap().number, best.number);
    assert_eq!(history.lowest("score").unwrap().number, 1);

    let error = trained(EarlyStopping::new().lowest("accuracy")).0.unwrap_err().to_string();
    assert!(error.contains("no metric `accuracy`; it has `score`"), "{error}");
    assert!(error.contains("by_metric.rs:"), "{error}");
}
