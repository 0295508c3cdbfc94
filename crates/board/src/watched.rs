//! The numbers of an epoch that are worth a curve.

use wengert_tensor::Float;
use wengert_train::EpochEnd;

/// Each number with its group, whose curves belong into one picture, and its name.
pub(crate) fn numbers<T: Float>(end: &EpochEnd<'_, T>) -> Vec<(String, String, f64)> {
    let (epoch, history) = (end.epoch, end.history);
    let mut numbers = vec![("loss", "train", epoch.train_loss)];
    numbers.extend(epoch.validation_loss.map(|loss| ("loss", "validation", loss)));
    for metric in &history.metrics {
        for (name, all) in [("train", &metric.train), ("validation", &metric.validation)] {
            numbers.extend(all.last().copied().flatten().map(|x| (&*metric.name, name, x)));
        }
    }
    if !history.penalties.is_empty() {
        numbers.push(("loss", "objective", epoch.objective));
    }
    for penalty in &history.penalties {
        numbers.extend(penalty.means.last().map(|&mean| ("penalty", &*penalty.name, mean)));
    }
    numbers.push(("learning_rate", "epoch", epoch.learning_rate));
    numbers.into_iter().map(|(group, name, x)| (group.to_string(), name.to_string(), x)).collect()
}
