//! Metrics against scikit-learn's numbers and hand-made ones, and the quality report against planted faults.

use wengert_data::metrics::{
    Average, Confusion, RunningMean, accuracy, auroc, average_precision, binary_accuracy, mae, mse,
    multilabel_f1, predictions, r2, rmse, top_k_accuracy,
};
use wengert_data::{Finding, TensorDataset, check, check_split, digits, iris, wine};
use wengert_tensor::{Tensor, tensor};

fn close(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-12, "{a} {b}");
}

const LABELS: [usize; 40] = [
    1, 2, 2, 1, 1, 0, 0, 0, 0, 1, 2, 1, 2, 2, 1, 2, 2, 2, 2, 1, 1, 1, 2, 0, 1, 1, 2, 0, 1, 2, 1, 0,
    0, 1, 0, 2, 0, 1, 1, 1,
];
const PREDICTED: [usize; 40] = [
    1, 0, 0, 0, 0, 2, 2, 2, 1, 2, 3, 1, 1, 3, 3, 3, 1, 2, 3, 2, 3, 2, 2, 1, 3, 0, 2, 2, 3, 2, 1, 1,
    1, 1, 2, 3, 0, 3, 2, 1,
];

#[test]
fn confusion_is_scikit_learns() {
    let mut confusion = Confusion::new(["a", "b", "c", "d"]);
    // In batches, which must not matter.
    for (predicted, labels) in PREDICTED.chunks(7).zip(LABELS.chunks(7)) {
        let tensor = |x: &[usize]| Tensor::from(x.to_vec());
        confusion.add(&tensor(predicted), &tensor(labels)).unwrap();
    }
    assert_eq!(confusion.total(), 40);
    for (average, precision, recall, f1) in [
        (Average::Macro, 0.23222610722610723, 0.17545248868778282, 0.19745879120879123),
        (Average::Micro, 0.25, 0.25, 0.25),
        (Average::Weighted, 0.33484848484848484, 0.25, 0.2830357142857143),
    ] {
        close(confusion.mean_precision(average), precision);
        close(confusion.mean_recall(average), recall);
        close(confusion.mean_f1(average), f1);
    }
    close(confusion.precision(1).unwrap(), 0.45454545454545453);
    close(confusion.recall(1).unwrap(), 0.29411764705882354);
    // Class d never occurs: there is nothing to recall.
    assert_eq!((confusion.recall(3), confusion.precision(3)), (None, Some(0.0)));
    assert_eq!((confusion.f1(4), confusion.count(4, 0)), (None, 0));
    close(confusion.accuracy(), 0.25);
    assert!(Confusion::new(["a"]).accuracy().is_nan());
    assert!(confusion.mistakes().is_sorted_by(|a, b| a.2 >= b.2));

    let shown = confusion.to_string();
    assert_eq!(shown.lines().count(), 7, "{shown}");
    assert!(shown.ends_with("accuracy 0.2500 (10 of 40), macro F1 0.1975"), "{shown}");
    let many = Confusion::of_scores(&Tensor::<f32>::eye(30), &Tensor::from(vec![3; 30])).unwrap();
    assert!(many.to_string().contains("\n 3 taken for 1  1"), "{many}");

    let before = confusion.clone();
    assert!(confusion.add(&tensor![0, 4], &tensor![0, 0]).is_err());
    assert!(confusion.add(&tensor![0, 1], &tensor![0]).is_err());
    assert!(confusion.add_scores(&Tensor::<f32>::zeros([1, 3]), &tensor![0]).is_err());
    assert_eq!(confusion, before);
}

#[test]
fn accuracies() {
    let scores = tensor![[1.0_f32, 2.0, 3.0], [3.0, 3.0, 0.0], [0.0, 1.0, 1.0], [9.0, 8.0, 7.0]];
    let labels = tensor![2_usize, 1, 1, 2];
    assert_eq!(predictions(&scores).unwrap().to_vec(), [2, 0, 1, 0]);
    close(accuracy(&scores, &labels).unwrap(), 0.5);
    close(top_k_accuracy(&scores, &labels, 1).unwrap(), 0.5);
    close(top_k_accuracy(&scores, &labels, 2).unwrap(), 0.75);
    close(top_k_accuracy(&scores, &labels, 3).unwrap(), 1.0);
    close(accuracy(&scores.t(), &tensor![3, 3, 3]).unwrap(), 1.0);
    assert!(
        top_k_accuracy(&scores, &labels, 0).is_err()
            && top_k_accuracy(&scores, &labels, 4).is_err()
    );

    let logits = tensor![[-1.0_f32], [0.0], [2.0], [-3.0]];
    close(binary_accuracy(&logits, &tensor![[0_usize], [1], [0], [0]], 0.0).unwrap(), 0.75);
    close(binary_accuracy(&logits, &tensor![[0.0_f32], [1.0], [1.0], [0.0]], 0.0).unwrap(), 1.0);
    close(binary_accuracy(&logits, &tensor![[true], [true], [true], [true]], -10.0).unwrap(), 1.0);

    let why = |error: wengert_data::Error| error.to_string();
    let error = why(accuracy(&scores, &tensor![0, 1]).unwrap_err());
    assert!(error.contains("scores [4, 3] and labels [2]; labels must be [N]"), "{error}");
    let error = why(accuracy(&scores, &tensor![0, 1, 2, 3]).unwrap_err());
    assert!(error.contains("label 3 is 3, and the classes are 0 to 2"), "{error}");
    let error = why(accuracy(&tensor![1.0_f32], &tensor![0]).unwrap_err());
    assert!(error.contains("`binary_accuracy`"), "{error}");
    assert!(accuracy(&tensor![[f32::NAN, 1.0]], &tensor![1]).is_err());
    assert!(accuracy(&Tensor::<f32>::zeros([0, 3]), &Tensor::full([0], 0)).is_err());
    assert!(binary_accuracy(&tensor![1.0_f32, 2.0], &tensor![[1_usize, 0]], 0.0).is_err());
    assert!(binary_accuracy(&tensor![1.0_f32], &tensor![-1.0_f32], 0.0).is_err());
    assert!(predictions(&Tensor::<f32>::zeros([3, 0])).is_err());
}

#[test]
fn ranking_is_scikit_learns() {
    let targets = Tensor::from(LABELS.map(|label| usize::from(label > 0)).to_vec());
    let scores = Tensor::from(vec![
        -0.7, -0.6, -1.6, 0.7, 0.8, -0.5, 0.2, -1.3, -0.5, 1.4, 0.1, 2.3, -0.8, 0.6, -0.2, 0.6,
        -0.0, -0.6, -0.9, 3.1, -0.1, -2.0, -0.6, 0.7, -0.5, 1.4, 1.0, -0.2, -0.5, -1.0, -0.7, -1.5,
        1.2, 1.6, -1.3, -1.2, -1.8, -1.0, -3.1, -1.1,
    ]);
    close(auroc(&scores, &targets).unwrap(), 0.5833333333333333);
    close(average_precision(&scores, &targets).unwrap(), 0.8245883958575838);
    close(auroc(&Tensor::<f64>::zeros([40]), &targets).unwrap(), 0.5);
    close(auroc(&-scores, &targets).unwrap(), 1.0 - 0.5833333333333333);
    close(auroc(&tensor![0.0_f32, -0.0], &tensor![true, false]).unwrap(), 0.5);
    assert!(auroc(&tensor![0.0_f32, 1.0], &tensor![1_usize, 1]).is_err());
    assert!(auroc(&tensor![0.0_f32, f32::NAN], &tensor![1_usize, 0]).is_err());
}

#[test]
fn several_labels_are_scikit_learns() {
    let scores = tensor![
        [0.85_f64, -0.67, 0.16],
        [-0.83, 2.35, -0.7],
        [-0.45, -1.07, -0.35],
        [-0.01, 0.77, -0.61],
        [-0.19, -1.42, -0.83],
        [2.76, 1.04, -0.78],
        [-1.34, -0.98, -0.02],
        [0.03, -0.74, -1.29],
        [1.42, 0.45, -0.37],
        [-0.22, -0.53, -2.94]
    ];
    let targets = tensor![
        [0_usize, 1, 0],
        [1, 0, 0],
        [1, 0, 0],
        [1, 0, 0],
        [1, 0, 0],
        [1, 0, 0],
        [0, 0, 0],
        [0, 0, 0],
        [1, 0, 0],
        [1, 0, 0]
    ];
    let f1 = |average| multilabel_f1(&scores, &targets, 0.0, average).unwrap();
    close(f1(Average::Macro), 0.12121212121212122);
    close(f1(Average::Micro), 0.23529411764705882);
    close(f1(Average::Weighted), 0.3181818181818182);
    assert!(multilabel_f1(&tensor![1.0_f32], &tensor![1_usize], 0.0, Average::Micro).is_err());
}

#[test]
fn regression_is_scikit_learns() {
    let targets = tensor![0.12_f64, -1.07, -1.0, -0.64, 0.73, -1.17, -1.43, 0.64];
    let predicted = tensor![[0.35], [-1.36], [-0.83], [-0.73], [0.82], [-1.55], [-1.18], [1.0]];
    let column = &predicted;
    let predicted = predicted.squeeze(1).unwrap();
    close(r2(&predicted, &targets).unwrap(), 0.8983366495790165);
    close(mse(&predicted, &targets).unwrap(), 0.064825);
    close(rmse(&predicted, &targets).unwrap(), 0.064825_f64.sqrt());
    close(mae(&predicted, &targets).unwrap(), 0.2325);
    // The trap of shapes: never [8, 8].
    assert!(mse(column, &targets).is_err());
    assert!(r2(&tensor![1.0_f32, 2.0], &tensor![0.1, 0.1]).is_err());
    assert!(mse(&tensor![f32::NAN], &tensor![0.0]).is_err());
}

/// As `MseLoss` refuses them, word for word but for the noun.
#[test]
fn a_column_is_no_vector() {
    let (column, vector) = (Tensor::<f32>::zeros([8, 1]), Tensor::<f32>::zeros([8]));
    type Metric = fn(&Tensor<f32>, &Tensor<f32>) -> wengert_data::Result<f64>;
    let metrics: [(&str, Metric); 7] = [
        ("mse", mse),
        ("rmse", rmse),
        ("mae", mae),
        ("r2", r2),
        ("auroc", auroc),
        ("average_precision", average_precision),
        ("binary_accuracy", |x, y| binary_accuracy(x, y, 0.0)),
    ];
    for (name, metric) in metrics {
        let said = |x, y| metric(x, y).unwrap_err().to_string();
        let rule = "a metric compares element with element and never broadcasts";
        let wanted = format!(
            "{name}: prediction is [8, 1] and target is [8]; {rule}\n  help: did you mean `target.unsqueeze(1)`?"
        );
        assert!(said(&column, &vector).starts_with(&wanted), "{}", said(&column, &vector));
        assert!(said(&vector, &column).contains("`target.squeeze(1)`?"));
        assert!(said(&vector, &vector.narrow(0, 0, 7).unwrap()).contains("is [7]; a metric"));
    }
    let scores = Tensor::<f32>::zeros([4, 3]);
    let labels = Tensor::full([4, 1], 0_usize);
    let error = accuracy(&scores, &labels).unwrap_err().to_string();
    assert!(error.contains("did you mean `labels.squeeze(1)`?"), "{error}");
    let mut confusion = Confusion::new(["a", "b"]);
    let error = confusion.add(&labels, &Tensor::full([4], 0)).unwrap_err().to_string();
    assert!(error.contains("did you mean `label.unsqueeze(1)`?"), "{error}");
}

#[test]
fn what_is_refused_is_named_by_row_and_value() {
    let says = |result: wengert_data::Result<f64>, what: &str| {
        let error = result.unwrap_err();
        assert!(matches!(error, wengert_data::Error::Value(_)), "{error}");
        assert!(error.to_string().contains(what), "{error}");
    };
    let (x, y) = (tensor![0.0_f32, f32::NAN], tensor![0.0_f32, f32::INFINITY]);
    let zeros = &Tensor::<f32>::zeros([2]);
    for metric in [mse, rmse, mae, r2] {
        says(metric(&x, zeros), "prediction 1 is NaN");
        says(metric(zeros, &x), "target 1 is NaN");
        says(metric(zeros, &y), "target 1 is inf");
    }
    says(auroc(zeros, &tensor![0_usize, 2]), "target 1 is 2, and must be 0 or 1");
    says(binary_accuracy(zeros, &tensor![0.5, 0.0], 0.0), "target 0 is 0.5");
    says(binary_accuracy(zeros, &tensor![1_usize, 0], f64::NAN), "the threshold is NaN");
    let square = tensor![[0.0_f32, 1.0], [f32::NAN, 1.0]];
    says(accuracy(&square, &tensor![0, 1]), "score [1, 0] is NaN");
    let targets = tensor![[0_usize, 1], [1, 7]];
    says(
        multilabel_f1(&Tensor::<f32>::zeros([2, 2]), &targets, 0.0, Average::Micro),
        "[1, 1] is 7",
    );
    let mut confusion = Confusion::new(["a", "b"]);
    let error = confusion.add(&tensor![0, 1, 0], &tensor![0, 1, 5]).unwrap_err().to_string();
    assert!(error.contains("label 2 is 5, and the classes are 0 to 1"), "{error}");
    assert_eq!(confusion.total(), 0);
    let mut mean = RunningMean::new();
    mean.add(1.0, usize::MAX);
    mean.add(1.0, 2);
    assert_eq!(mean.mean(), 1.0);
}

#[test]
fn a_running_mean_is_per_sample() {
    let mut running_loss = RunningMean::new();
    running_loss.add(1.0_f32, 4);
    running_loss.add(9.0_f32, 1);
    assert_eq!((running_loss.mean(), running_loss.count()), (2.6, 5));
    assert_eq!(format!("{:.3}", running_loss.take()), "2.600");
    assert_eq!(running_loss, RunningMean::new());
    running_loss.add(f32::NAN, 0);
    running_loss.add(2.0, 3);
    assert_eq!(running_loss.mean(), 2.0);
    running_loss.add(f64::NAN, 1);
    assert!(running_loss.mean().is_nan());
}

#[test]
fn planted_faults_are_found() {
    let n = 40;
    let clean = |seed: usize| {
        Tensor::from_fn([n, 3], move |i| ((i[0] * 3 + i[1] + seed) as f32 * 0.7).sin())
    };
    let labels = || Tensor::from((0..n).map(|i| i % 2).collect::<Vec<_>>());
    let data = |x, y| TensorDataset::new(x, y).unwrap();
    let report = check(&data(clean(0), labels()));
    assert!(report.is_clean(), "{report}");
    assert!(report.to_string().ends_with("classes 0: 20, 1: 20\nnothing amiss"), "{report}");

    let with = |change: &dyn Fn(&mut Tensor<f32>)| {
        let mut x = clean(0);
        change(&mut x);
        check(&data(x, labels())).findings
    };
    let found = with(&|x| {
        x.set(&[3, 1], f32::NAN).unwrap();
        x.set(&[5, 2], f32::INFINITY).unwrap();
    });
    assert_eq!(found, [Finding::FeaturesNotFinite { nan: 1, infinite: 1, row: 3, column: 1 }]);
    let found = with(&|x| (0..n).for_each(|i| x.set(&[i, 2], 4.0).unwrap()));
    assert_eq!(found, [Finding::Constant { columns: vec![2] }]);
    let found = with(&|x| (0..n).for_each(|i| x.set(&[i, 0], i as f32 * 1000.0).unwrap()));
    assert!(matches!(found[0], Finding::Scales { wide: (0, _), .. }), "{found:?}");
    assert_eq!(found[1], Finding::Large { row: 39, column: 0, value: 39_000.0 });
    let copy = |from: usize, to: usize| {
        with(&|x| (0..3).for_each(|c| x.set(&[to, c], x.get(&[from, c]).unwrap()).unwrap()))
    };
    assert_eq!(copy(2, 8), [Finding::Duplicates { rows: 1, first: (2, 8) }]);
    assert_eq!(copy(2, 9), [Finding::Conflicts { rows: 1, first: (2, 9) }]);

    let with = |label: &dyn Fn(usize) -> usize| {
        check(&data(clean(0), Tensor::from((0..n).map(label).collect::<Vec<_>>()))).findings
    };
    assert_eq!(with(&|i| i / 20), [Finding::Sorted]);
    assert_eq!(with(&|i| i % 2 * 3), [Finding::AbsentClasses { classes: 2, first: 1 }]);
    let found = with(&|i| usize::from(i == 7));
    assert_eq!(found, [Finding::Imbalance { rarest: (1, 1), commonest: (0, 39) }]);
    // A label as large as can be asks for no memory.
    let found = with(&|i| if i % 2 == 0 { 0 } else { usize::MAX });
    assert_eq!(found, [Finding::AbsentClasses { classes: usize::MAX - 1, first: 1 }]);

    let targets = Tensor::from_fn([n, 1], |i| if i[0] == 4 { f64::NAN } else { i[0] as f64 });
    let report = check(&TensorDataset::new(clean(0), targets).unwrap());
    assert_eq!(report.findings, [Finding::TargetsNotFinite { nan: 1, infinite: 0, row: 4 }]);
    assert_eq!(report.class_counts, None);
    let empty = data(Tensor::zeros([0, 3]), Tensor::full([0], 0));
    assert_eq!(check(&empty).findings, [Finding::Empty]);
    assert!(check(&data(Tensor::zeros([4, 0]), tensor![0, 1, 0, 1])).is_clean());

    // Across the split.
    let (train, test) = (data(clean(0), labels()), data(clean(1000), labels()));
    assert!(check_split(&train, &test).unwrap().is_clean());
    let mut leaky = test.features().clone();
    (0..3).for_each(|c| leaky.set(&[6, c], train.features().get(&[12, c]).unwrap()).unwrap());
    let report = check_split(&train, &data(leaky, labels())).unwrap();
    assert_eq!(report.findings, [Finding::Leak { rows: 1, first: (12, 6) }]);
    let other = data(clean(1000), Tensor::from((0..n).map(|i| i % 3).collect::<Vec<_>>()));
    let report = check_split(&train, &other).unwrap();
    assert_eq!(report.findings, [Finding::UnseenClasses { classes: 1, first: 2 }]);
    assert!(check_split(&train, &data(Tensor::zeros([1, 4]), tensor![0])).is_err());
}

#[test]
fn what_is_built_in_is_as_known() {
    let report = check(&digits::<f32>());
    assert_eq!(report.findings.len(), 2, "{report}");
    assert_eq!(report.findings[0], Finding::Constant { columns: vec![0, 32, 39] });
    // Flower 101 is flower 142 again; the file is sorted by species.
    let report = check(&iris::<f32>());
    assert_eq!(
        report.findings,
        [Finding::Duplicates { rows: 1, first: (101, 142) }, Finding::Sorted],
        "{report}"
    );
    let report = check(&wine::<f32>());
    assert!(matches!(report.findings[0], Finding::Scales { wide: (12, _), .. }), "{report}");
}
