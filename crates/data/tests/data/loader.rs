//! Loaders: every sample once, the same order for ever, the same shapes every epoch, and starting in the middle.

use std::cell::Cell;

use wengert_data::{DataLoader, Dataset, TensorDataset};
use wengert_tensor::{Tensor, tensor};

/// Sample `i` has features `[i, 10 i]` and label `i % 3`.
fn numbered(n: usize) -> TensorDataset {
    let x = Tensor::from_fn([n, 2], |i| (i[0] * [1, 10][i[1]]) as f32);
    TensorDataset::new(x, Tensor::from((0..n).map(|i| i % 3).collect::<Vec<_>>())).unwrap()
}

#[test]
fn the_loop_reads_as_promised() {
    let train_loader = DataLoader::new(numbered(10), 4).unwrap().shuffle(7);
    for epoch in 0..3 {
        let mut seen = Vec::new();
        for (inputs, labels) in train_loader.epoch(epoch) {
            let (inputs, labels): (Tensor<f32>, Tensor<usize>) = (inputs, labels);
            for (row, label) in inputs.to_vec().chunks(2).zip(labels.to_vec()) {
                assert_eq!(row[1], 10.0 * row[0]);
                assert_eq!(label, row[0] as usize % 3);
                seen.push(row[0] as usize);
            }
        }
        assert_eq!(seen, train_loader.order(epoch));
        seen.sort_unstable();
        assert_eq!(seen, (0..10).collect::<Vec<_>>());
    }
}

#[test]
fn batches_of_one_some_and_all() {
    for (n, batch, keep, drop) in [(10, 1, 10, 10), (10, 3, 4, 3), (10, 5, 2, 2), (10, 10, 1, 1)] {
        let loader = DataLoader::new(numbered(n), batch).unwrap();
        assert_eq!((loader.batches(), loader.samples()), (keep, n));
        assert_eq!(loader.epoch(0).len(), keep);
        let sizes: Vec<usize> = loader.epoch(0).map(|(_, y)| y.len()).collect();
        assert_eq!(sizes.iter().sum::<usize>(), n);
        assert!(sizes[..keep - 1].iter().all(|&size| size == batch));

        let loader = loader.drop_last().unwrap();
        assert_eq!((loader.batches(), loader.samples()), (drop, drop * batch));
        for epoch in 0..3 {
            let shapes: Vec<_> = loader.epoch(epoch).map(|(x, _)| x.shape().to_vec()).collect();
            assert_eq!(shapes, vec![vec![batch, 2]; drop]);
        }
    }
    let full = DataLoader::full(numbered(10)).unwrap();
    assert_eq!((full.batches(), full.batch_size()), (1, 10));
    // Larger than there is: one batch of what there is.
    let large = DataLoader::new(numbered(3), usize::MAX).unwrap();
    assert_eq!(large.epoch(0).map(|(x, _)| x.shape()[0]).collect::<Vec<_>>(), [3]);
}

#[test]
fn an_order_is_a_function_of_seed_and_epoch() {
    let loader = |seed| DataLoader::new(numbered(100), 7).unwrap().shuffle(seed);
    let (a, b) = (loader(1), loader(1));
    // Asked in any order, again, and by another loader.
    let backwards: Vec<_> = (0..5).rev().map(|epoch| a.order(epoch)).collect();
    for epoch in 0..5 {
        assert_eq!(b.order(epoch), backwards[4 - epoch]);
        assert_eq!(a.order(epoch), backwards[4 - epoch]);
    }
    assert_ne!(a.order(0), a.order(1));
    assert_ne!(a.order(0), loader(2).order(0));
    // The batch size moves no sample.
    assert_eq!(a.order(3), DataLoader::new(numbered(100), 50).unwrap().shuffle(1).order(3));
}

#[test]
fn an_order_is_random() {
    // Where sample 0 goes, over epochs: each of ten places about as often.
    let loader = DataLoader::new(numbered(10), 10).unwrap().shuffle(5);
    let mut places = [0; 10];
    for epoch in 0..10_000 {
        places[loader.order(epoch).iter().position(|&row| row == 0).unwrap()] += 1;
    }
    assert!(places.iter().all(|count| (880..1120).contains(count)), "{places:?}");
}

#[test]
fn without_an_order_batches_are_views() {
    let data = numbered(10);
    let loader = DataLoader::new(&data, 4).unwrap();
    for (place, (x, y)) in loader.epoch(0).enumerate() {
        assert!(x.shares_storage(data.features()) && y.shares_storage(data.targets()));
        assert!(x.is_contiguous());
        assert_eq!(x.get(&[0, 0]).unwrap(), 4.0 * place as f32);
    }
}

#[test]
fn to_go_on_in_the_middle_skips_without_building() {
    struct Counted(Cell<usize>);
    impl Dataset for Counted {
        type Batch = Vec<usize>;
        fn len(&self) -> usize {
            1000
        }
        fn batch(&self, rows: &[usize]) -> wengert_data::Result<Vec<usize>> {
            self.0.set(self.0.get() + 1);
            Ok(rows.to_vec())
        }
    }
    for shuffled in [false, true] {
        let loader = DataLoader::new(Counted(Cell::new(0)), 10).unwrap();
        let loader = if shuffled { loader.shuffle(3) } else { loader };
        let whole: Vec<_> = loader.epoch(2).collect();
        loader.dataset().0.set(0);
        let rest: Vec<_> = loader.epoch(2).skip(90).collect();
        assert_eq!(rest, whole[90..]);
        assert_eq!(loader.dataset().0.get(), 10);
        assert_eq!(loader.epoch(2).nth(100), None);
        let mut epoch = loader.epoch(2);
        assert_eq!(epoch.by_ref().count(), 100);
        assert_eq!(epoch.next(), None);
    }
}

#[test]
fn other_datasets() {
    // The rows of a tensor alone, for an autoencoder.
    let images = Tensor::from_fn([5, 2, 2], |i| i[0] as f32);
    let batches: Vec<_> = DataLoader::new(images, 2).unwrap().shuffle(0).epoch(0).collect();
    assert_eq!(batches.iter().map(|b| b.shape()[0]).collect::<Vec<_>>(), [2, 2, 1]);
    assert!(batches.iter().all(|b| b.shape()[1..] == [2, 2]));
    // A regression.
    let (x, y) = (tensor![[1.0_f64], [2.0]], tensor![[3.0_f64], [5.0]]);
    for (x, y) in DataLoader::new(TensorDataset::new(x, y).unwrap(), 1).unwrap().epoch(0) {
        assert_eq!(2.0 * x.item().unwrap() + 1.0, y.item().unwrap());
    }
    // Behind a reference, shared, or boxed.
    let data = std::sync::Arc::new(numbered(4));
    assert_eq!(DataLoader::new(data.clone(), 2).unwrap().batches(), 2);
    assert_eq!(DataLoader::new(Box::new(data), 3).unwrap().batches(), 2);
    // Features of a transposed view.
    let x = Tensor::from_fn([2, 5], |i| (i[0] * 5 + i[1]) as f32).t();
    let data = TensorDataset::new(x, Tensor::full([5], 0_usize)).unwrap();
    let (x, _) = DataLoader::full(&data).unwrap().shuffle(0).epoch(0).next().unwrap();
    assert!(x.to_vec().chunks(2).all(|row| row[1] == row[0] + 5.0));
}

/// The ranks' batches, one after another in rounds, are those of the loader that they share, up to the last whole round.
#[test]
fn shards_take_turns() {
    let orders = [
        DataLoader::new(numbered(47), 5).unwrap(),
        DataLoader::new(numbered(47), 5).unwrap().shuffle(3),
        DataLoader::new(numbered(47), 5).unwrap().balanced(3).unwrap(),
        DataLoader::new(numbered(47), 5).unwrap().shuffle(3).drop_last().unwrap(),
    ];
    for loader in orders {
        for ranks in 1..=9 {
            let shards: Vec<_> =
                (0..ranks).map(|rank| loader.clone().shard(rank, ranks).unwrap()).collect();
            let rounds = 47 / (5 * ranks);
            for epoch in 0..2 {
                let mut all = loader.epoch(epoch);
                let mut parts: Vec<_> = shards.iter().map(|shard| shard.epoch(epoch)).collect();
                for round in 0..rounds {
                    for (rank, part) in parts.iter_mut().enumerate() {
                        let (x, y) = all.next().unwrap();
                        assert_eq!(part.next(), Some((x.clone(), y)), "round {round}");
                        assert_eq!(shards[rank].epoch(epoch).nth(round).unwrap().0, x);
                    }
                }
                for (mut part, shard) in parts.into_iter().zip(&shards) {
                    assert!(part.next().is_none());
                    assert_eq!((shard.batches(), shard.samples()), (rounds, rounds * 5));
                    let seen = shard.epoch(epoch).flat_map(|(x, _)| x.to_vec());
                    let seen: Vec<usize> = seen.step_by(2).map(|x| x as usize).collect();
                    assert_eq!(seen, shard.order(epoch));
                }
            }
        }
    }
}

#[test]
fn weighted_draws() {
    let weights = [0.0, 1.0, 3.0, 0.0, 4.0, 0.0];
    let loader = DataLoader::new(numbered(6), 6).unwrap().weighted(&weights, 1).unwrap();
    let mut counts = [0; 6];
    for epoch in 0..4000 {
        loader.order(epoch).into_iter().for_each(|row| counts[row] += 1);
    }
    assert_eq!((counts[0], counts[3], counts[5]), (0, 0, 0));
    for (row, share) in [(1, 0.125), (2, 0.375), (4, 0.5)] {
        assert!((f64::from(counts[row]) / 24_000.0 - share).abs() < 0.015, "{counts:?}");
    }
    assert_eq!(loader.order(9), loader.order(9));
}

#[test]
fn balanced_draws() {
    // Class 1 is a tenth.
    let labels: Vec<usize> = (0..100).map(|i| usize::from(i % 10 == 0)).collect();
    let x = Tensor::from_fn([100, 1], |i| i[0] as f32);
    let data = TensorDataset::new(x, Tensor::from(labels)).unwrap();
    let loader = DataLoader::new(data, 20).unwrap().balanced(4).unwrap();
    for epoch in 0..5 {
        let order = loader.order(epoch);
        let (rare, common): (Vec<usize>, Vec<usize>) = order.iter().partition(|&row| row % 10 == 0);
        assert_eq!((rare.len(), common.len()), (50, 50));
        // The ten rare ones five times each, the common ones at most once.
        for row in (0..100).step_by(10) {
            assert_eq!(rare.iter().filter(|&&r| r == row).count(), 5);
        }
        let distinct: std::collections::BTreeSet<_> = common.iter().collect();
        assert_eq!(distinct.len(), 50);
    }
    assert_ne!(loader.order(0), loader.order(1));
    // Three classes share ten draws 4, 3, 3, and take turns at the 4.
    let loader = DataLoader::new(numbered(10), 10).unwrap().balanced(0).unwrap();
    let mut odd_one = Vec::new();
    for epoch in 0..3 {
        let mut counts = [0; 3];
        loader.order(epoch).iter().for_each(|row| counts[row % 3] += 1);
        odd_one.push(counts.iter().position(|&c| c == 4).unwrap());
    }
    odd_one.sort_unstable();
    assert_eq!(odd_one, [0, 1, 2]);
}

#[test]
fn shuffle_keeps_what_is_drawn() {
    let labels: Vec<usize> = (0..100).map(|i| usize::from(i % 10 == 0)).collect();
    let x = Tensor::from_fn([100, 1], |i| i[0] as f32);
    let data = TensorDataset::new(x, Tensor::from(labels)).unwrap();
    let loader = || DataLoader::new(&data, 20).unwrap();
    let balanced = |seed| DataLoader::new(data.clone(), 20).unwrap().balanced(seed).unwrap();
    assert_eq!(balanced(4).order(0).iter().filter(|&&row| row % 10 == 0).count(), 50);
    assert_eq!(balanced(4).shuffle(1).order(2), balanced(1).order(2));
    let before = DataLoader::new(data.clone(), 20).unwrap().shuffle(1).balanced(4).unwrap();
    assert_eq!(before.order(2), balanced(4).order(2));
    let weights: Vec<f64> = (0..100).map(f64::from).collect();
    let weighted = |seed| loader().weighted(&weights, seed).unwrap();
    assert_eq!(weighted(4).shuffle(1).order(2), weighted(1).order(2));
    assert_eq!(loader().shuffle(1).weighted(&weights, 4).unwrap().order(2), weighted(4).order(2));

    let error = balanced(4).weighted(&weights, 1).unwrap_err().to_string();
    assert!(error.contains("`balanced` and `weighted` exclude each other"), "{error}");
    assert!(
        error.contains("help: ") && error.contains("at crates/data/tests/data/loader.rs:"),
        "{error}"
    );
    let weighted = DataLoader::new(data.clone(), 20).unwrap().weighted(&weights, 4).unwrap();
    let error = weighted.balanced(1).unwrap_err().to_string();
    assert!(error.contains("`weighted` and `balanced` exclude each other"), "{error}");
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let loader = DataLoader::new(numbered(7), 4).unwrap();
    for (rank, ranks, rule) in [
        (2, 2, "no rank 2 of 2"),
        (0, 0, "no rank 0 of 0"),
        (0, 2, "batches of at most 3"),
        (0, 8, "fewer ranks than samples"),
        (0, usize::MAX, "fewer ranks than samples"),
    ] {
        let error = loader.clone().shard(rank, ranks).unwrap_err().to_string();
        assert!(error.contains(rule), "{error}");
    }
    let error = DataLoader::new(numbered(3), 0).unwrap_err().to_string();
    assert!(error.contains("a batch of 0 samples\n  help: `DataLoader::full`"), "{error}");
    assert!(error.contains("at crates/data/tests/data/loader.rs:"), "{error}");
    let empty = TensorDataset::new(Tensor::<f32>::zeros([0, 2]), Tensor::full([0], 0_usize));
    let empty = empty.unwrap();
    assert!(DataLoader::new(&empty, 1).is_err());
    assert!(DataLoader::full(&empty).is_err());
    let error = DataLoader::new(numbered(3), 4).unwrap().drop_last().unwrap_err().to_string();
    assert!(error.contains("3 samples make no batch of 4"), "{error}");
    let loader = || DataLoader::new(numbered(3), 1).unwrap();
    for weights in
        [&[1.0, 1.0][..], &[0.0; 3], &[1.0, -1.0, 1.0], &[1.0, f64::NAN, 1.0], &[f64::MAX; 3]]
    {
        assert!(loader().weighted(weights, 0).is_err(), "{weights:?}");
    }
    let many = TensorDataset::new(Tensor::<f32>::zeros([2, 1]), Tensor::full([2, 4], 0_usize));
    assert!(DataLoader::new(many.unwrap(), 1).unwrap().balanced(0).is_err());
}

#[test]
fn samples_that_are_not_there_are_refused() {
    fn refused<B>(batch: wengert_data::Result<B>, rule: &str) {
        let Err(error) = batch else { panic!("taken, and should be refused: {rule}") };
        assert!(matches!(error, wengert_data::Error::Value(_)), "{error}");
        let text = error.to_string();
        assert!(
            text.starts_with(rule) && text.contains("at crates/data/tests/data/loader.rs"),
            "{text}"
        );
    }
    let (pairs, rows) = (numbered(3), Tensor::<f32>::zeros([3, 2]));
    refused(pairs.batch(&[0, 3]), "batch: there is no sample 3: there are 3");
    refused(rows.batch(&[3]), "batch: there is no sample 3: there are 3");
    refused((&&pairs).batch(&[usize::MAX]), "batch: there is no sample 18446744073709551615");
    refused(Tensor::scalar(1.0_f32).batch(&[0]), "batch: there is no sample 0: there are 0");
    refused(pairs.run(2..4), "run: there are no samples 2..4: there are 3");
    #[allow(clippy::reversed_empty_ranges)]
    refused(rows.run(2..1), "run: there are no samples 2..1: there are 3");
    refused(Tensor::scalar(1.0_f32).run(0..1), "run: there are no samples 0..1: there are 0");
    assert_eq!(pairs.batch(&[]).unwrap().0.shape(), [0, 2]);
    assert_eq!(rows.run(3..3).unwrap().shape(), [0, 2]);
}
