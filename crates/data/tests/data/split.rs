//! Splits: every sample on one side, shares kept, nothing from the future.

use wengert_data::{TensorDataset, split};
use wengert_tensor::Tensor;

fn sorted(parts: &[&[usize]]) -> Vec<usize> {
    let mut all = parts.concat();
    all.sort_unstable();
    all
}

fn numbered(labels: Vec<usize>) -> TensorDataset {
    let x = Tensor::from_fn([labels.len(), 1], |i| i[0] as f32);
    TensorDataset::new(x, Tensor::from(labels)).unwrap()
}

#[test]
fn shuffled() {
    for n in [2, 3, 10, 101] {
        for share in [0.01, 0.2, 0.5, 0.99] {
            let (train, test) = split::shuffled(n, share, 1).unwrap();
            assert_eq!(sorted(&[&train, &test]), (0..n).collect::<Vec<_>>());
            assert!(!train.is_empty() && !test.is_empty());
            assert!((test.len() as f64 - n as f64 * share).abs() <= 1.0);
        }
    }
    assert_eq!(split::shuffled(50, 0.2, 1).unwrap(), split::shuffled(50, 0.2, 1).unwrap());
    assert_ne!(split::shuffled(50, 0.2, 1).unwrap(), split::shuffled(50, 0.2, 2).unwrap());
    for (n, share) in [(1, 0.5), (0, 0.5), (9, 0.0), (9, 1.0), (9, -0.1), (9, f64::NAN)] {
        assert!(split::shuffled(n, share, 0).is_err());
    }
}

#[test]
fn stratified() {
    let labels: Vec<usize> = (0..103).map(|i| [0, 0, 0, 0, 1, 1, 1, 2, 2, 5][i % 10]).collect();
    for seed in 0..20 {
        let (train, test) = split::stratified(&labels, 0.3, seed).unwrap();
        assert_eq!(sorted(&[&train, &test]), (0..103).collect::<Vec<_>>());
        assert_eq!(test.len(), 31);
        for class in [0, 1, 2, 5] {
            let count = |rows: &[usize]| rows.iter().filter(|&&row| labels[row] == class).count();
            let all = count(&train) + count(&test);
            assert!((count(&test) as f64 - 0.3 * all as f64).abs() < 1.5);
        }
    }
    let (train, test) = numbered(labels).stratified_split(0.3, 0).unwrap();
    assert_eq!((train.len(), test.len()), (72, 31));
    // Neither part is sorted by class.
    assert!(!test.labels().to_vec().is_sorted() && !train.labels().to_vec().is_sorted());
}

#[test]
fn folds() {
    let labels: Vec<usize> = (0..47).map(|i| i % 5 / 2).collect();
    for k in [2, 3, 10, 47] {
        for folds in [split::k_fold(47, k, 3), split::stratified_k_fold(&labels, k, 3)] {
            let folds = folds.unwrap();
            assert_eq!(folds.len(), k);
            let tests: Vec<&[usize]> = folds.iter().map(|fold| &fold.1[..]).collect();
            assert_eq!(sorted(&tests), (0..47).collect::<Vec<_>>());
            for (train, test) in &folds {
                assert_eq!(sorted(&[train, test]), (0..47).collect::<Vec<_>>());
                assert!(test.len() == 47 / k || test.len() == 47_usize.div_ceil(k));
            }
        }
    }
    for (_, test) in split::stratified_k_fold(&labels, 3, 0).unwrap() {
        for class in 0..3 {
            let all = labels.iter().filter(|&&label| label == class).count();
            let here = test.iter().filter(|&&row| labels[row] == class).count();
            assert!(here == all / 3 || here == all.div_ceil(3));
        }
    }
    for (n, k) in [(5, 0), (5, 1), (5, 6), (0, 2)] {
        assert!(split::k_fold(n, k, 0).is_err());
    }
    let data = numbered(labels);
    assert_eq!(data.k_fold(4, 0).unwrap().map(|(_, test)| test.len()).sum::<usize>(), 47);
    assert_eq!(data.stratified_k_fold(4, 0).unwrap().len(), 4);
}

#[test]
fn time_goes_one_way() {
    let data = numbered(vec![0; 10]);
    let (train, test) = data.time_split(0.3).unwrap();
    assert_eq!(train.features().to_vec(), [0., 1., 2., 3., 4., 5., 6.]);
    assert_eq!(test.features().to_vec(), [7., 8., 9.]);
    assert!(test.features().shares_storage(data.features()));
    assert_eq!(split::in_time(10, 0.3).unwrap().1, [7, 8, 9]);
    for (n, k) in [(10, 1), (10, 3), (10, 9), (11, 4)] {
        let folds = split::walk_forward(n, k).unwrap();
        assert_eq!(folds.len(), k);
        for (train, test) in &folds {
            assert!(!train.is_empty() && !test.is_empty());
            assert_eq!(train.last().unwrap() + 1, test[0]);
        }
        assert_eq!(folds.last().unwrap().1.last(), Some(&(n - 1)));
    }
    assert!(split::walk_forward(3, 3).is_err() && split::walk_forward(3, 0).is_err());
}

#[test]
fn parts_keep_their_names() {
    let iris = wengert_data::iris::<f32>();
    let (train, test) = iris.stratified_split(0.2, 0).unwrap();
    for part in [&train, &test, &iris.subset(&[0, 5]).unwrap(), &iris.slice(3..9).unwrap()] {
        assert_eq!(part.feature_names(), iris.feature_names());
        assert_eq!(part.class_names(), iris.class_names());
        assert_eq!(part.classes(), 3);
    }
    assert!(iris.subset(&[150]).is_err() && iris.slice(0..151).is_err());
    #[allow(clippy::reversed_empty_ranges)]
    let backwards = 9..3;
    assert!(iris.slice(backwards).is_err());
}
