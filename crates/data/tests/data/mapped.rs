//! Loaders whose samples a function changes: random, and the same each time.

use wengert_data::{DataLoader, Dataset, Error, Result, TensorDataset};
use wengert_tensor::{Rng, Tensor, tensor};

/// Sample `i` has features `[i, 10 i]` and label `i % 3`.
fn numbered(n: usize) -> TensorDataset {
    let x = Tensor::from_fn([n, 2], |i| (i[0] * [1, 10][i[1]]) as f32);
    TensorDataset::new(x, Tensor::from((0..n).map(|i| i % 3).collect::<Vec<_>>())).unwrap()
}

/// A sample and its target, and what a function makes of them.
type Sample = (Tensor<f32>, Tensor<usize>);

fn noisy((x, y): Sample, rng: &mut Rng) -> Result<Sample> {
    assert_eq!((x.shape(), y.shape()), (&[2][..], &[][..]));
    Ok((x.try_add(&Tensor::rand([2], rng))?, y))
}

/// The features of all samples of an epoch, one after another.
fn features<D: Dataset<Batch = Sample>>(loader: &DataLoader<D>, epoch: usize) -> Vec<f32> {
    loader.epoch(epoch).flat_map(|(x, _)| x.to_vec()).collect()
}

#[test]
fn a_sample_has_a_stream_of_its_own_whatever_the_batches() -> Result<()> {
    let plain = DataLoader::new(numbered(10), 4)?.shuffle(3);
    let loader = plain.clone().mapped(7, noisy);
    let (first, second) = (features(&loader, 0), features(&loader, 1));
    assert_eq!(first, features(&loader, 0));

    // The order, the targets and the number of batches are those of the loader; the noise is new in each epoch and for each number.
    assert_eq!((loader.order(5), loader.batches()), (plain.order(5), 3));
    assert!(loader.epoch(1).map(|b| b.1).eq(plain.epoch(1).map(|b| b.1)));
    let noise = |all: &[f32], epoch| -> Vec<f32> {
        all.iter().zip(features(&plain, epoch)).map(|(a, b)| a - b).collect()
    };
    let mut all = [noise(&first, 0), noise(&second, 1)].concat();
    assert!(all.iter().all(|e| (0.0..1.0).contains(e)));
    all.sort_by(f32::total_cmp);
    assert!(all.windows(2).all(|pair| pair[1] - pair[0] > 1e-6), "{all:?}");

    // Other batches, a start within the epoch, and shards give the same samples.
    let threes = DataLoader::new(numbered(10), 3)?.shuffle(3).mapped(7, noisy);
    assert_eq!(features(&threes, 0), first);
    assert_eq!(loader.epoch(0).nth(2).unwrap().0.to_vec(), first[16..]);
    let twos = DataLoader::new(numbered(10), 2)?.shuffle(3);
    let shard = |rank| features(&twos.clone().shard(rank, 2).unwrap().mapped(7, noisy), 0);
    assert_eq!(shard(1), [&first[4..8], &first[12..16]].concat());

    let other = DataLoader::new(numbered(10), 4)?.shuffle(3).mapped(8, noisy);
    assert_ne!(features(&other, 0), first);
    // In the dataset's own order, which takes another way to a batch.
    let own = DataLoader::new(numbered(10), 4)?.mapped(7, noisy);
    assert_eq!(noise(&first, 0).len(), features(&own, 0).len());
    assert_ne!(features(&own, 0), features(&own, 1));
    Ok(())
}

#[test]
fn a_sample_that_is_drawn_twice_is_changed_in_two_ways() -> Result<()> {
    let loader = DataLoader::new(numbered(1), 1)?.weighted(&[1.0], 0)?.mapped(0, noisy);
    let rows = loader.dataset().batch(&[0, 0])?.0;
    assert_ne!(rows.select(0, 0)?, rows.select(0, 1)?);
    assert_eq!(rows, loader.dataset().batch(&[0, 0])?.0);
    Ok(())
}

#[test]
fn a_function_may_give_something_else() -> Result<()> {
    // One tensor becomes three; a view of a reference, one sample, and a chain of functions.
    let data = Tensor::<f32>::from_fn([5, 2, 3], |i| (i[0] * 6 + i[1] * 3 + i[2]) as f32);
    let loader = DataLoader::new(&data, 2)?
        .mapped(0, |x, _| Ok((x.t(), x.sum())))
        .mapped(1, |(x, sum), _| Ok((x, sum, tensor![true, false])));
    let batches: Vec<_> = loader.epoch(0).collect();
    let shapes: Vec<_> =
        batches.iter().map(|(a, b, c)| [a.shape(), b.shape(), c.shape()]).collect();
    assert_eq!(shapes[0], [&[2, 3, 2][..], &[2], &[2, 2]]);
    assert_eq!(shapes[2], [&[1, 3, 2][..], &[1], &[1, 2]]);
    assert_eq!(batches[2].1, tensor![159.0]);
    Ok(())
}

#[test]
fn errors_are_those_of_the_batch() -> Result<()> {
    let own = DataLoader::new(numbered(4), 2)?.mapped(0, |(x, y), _| match x.get(&[0])? {
        3.0 => Err(Error::other("sample 3 is no image")),
        _ => Ok((x, y)),
    });
    let read: Vec<_> = own.try_epoch(0).map(|b| b.map_err(|e| e.to_string())).collect();
    assert!(read[0].is_ok());
    assert_eq!(read[1].clone().unwrap_err(), "sample 3 is no image");

    let ragged = DataLoader::new(numbered(4), 2)?.mapped(0, |(x, y), rng| {
        Ok((x.narrow(0, 0, Tensor::<usize>::randint([], 1, 3, rng)?.item()?)?, y))
    });
    let text = ragged.try_epoch(0).find_map(|b| b.err()).unwrap().to_string();
    assert!(
        text.starts_with("mapped: [") && text.contains("[1]") && text.contains("[2]"),
        "{text}"
    );
    assert!(text.contains("one shape\n  help: ") && text.contains(file!()), "{text}");

    Ok(())
}
