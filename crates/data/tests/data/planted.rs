//! Data of applications: what is planted is there, and nothing else gives it away. And the measures that go with it, by hand.

use wengert_data::metrics::{
    auroc, best_thresholds, calibration, calibration_error, edit_distance, iou,
    sensitivity_and_specificity, sensitivity_at, token_error_rate,
};
use wengert_data::synth;
use wengert_tensor::{Tensor, tensor};

/// The same seed gives the same, another one something else; and no size is too small.
#[test]
fn seeds_decide() {
    macro_rules! check {
        ($($make:expr),*) => {$(
            let make: fn(usize, u64) -> _ = $make;
            assert_eq!(make(5, 1), make(5, 1));
            assert_ne!(make(5, 1), make(5, 2));
            let _ = (make(0, 0), make(1, 0));
        )*};
    }
    check!(
        |n, seed| synth::lesions::<f64>(n, 0.5, seed).into_parts(),
        |n, seed| synth::shapes::<f64>(n, seed).into_parts(),
        |n, seed| synth::one_box::<f64>(n, seed).into_parts(),
        |n, seed| synth::machine::<f64>(n, 0.5, seed).into_parts(),
        |n, seed| synth::tones::<f64>(n, 0.1, seed).heard,
        |n, seed| synth::momentum::<f64>(n + 2, 0.5, seed),
        |n, seed| synth::tastes(n, 20, 4, seed)
    );
}

#[test]
fn a_lesion_is_brighter_in_the_mean_and_no_single_pixel_tells() {
    let (x, y) = synth::lesions::<f64>(2000, 0.05, 0).into_parts();
    assert_eq!(y.sum(), Tensor::scalar(100));
    let (brightest, mean) = (x.max_over([1, 2, 3]).unwrap(), x.mean_over([1, 2, 3]).unwrap());
    let [brightest, mean] = [&brightest, &mean].map(|score| auroc(score, &y).unwrap());
    // Neither is enough.
    assert!((0.6..0.95).contains(&brightest) && (0.6..0.9).contains(&mean), "{brightest} {mean}");
    let middle = x.flatten_axes(1, 3).unwrap().select(1, 136).unwrap();
    assert!((0.4..0.65).contains(&auroc(&middle, &y).unwrap()));
}

#[test]
fn shapes_are_there_as_often_as_is_said_and_cover_their_boxes() {
    let (_, there) = synth::shapes::<f64>(4000, 0).into_parts();
    for (share, said) in there.mean_over(0).unwrap().iter().zip([0.5, 0.35, 0.25, 0.15]) {
        assert!((share - said).abs() < 0.03, "{share} {said}");
    }
    // Bright pixels lie in the box, which a square fills, and nothing has none.
    let (x, targets) = synth::one_box::<f64>(400, 0).into_parts();
    for i in 0..400 {
        let image = x.select(0, i).unwrap().to_vec();
        let target = targets.select(0, i).unwrap().to_vec();
        let [left, top, right, bottom] = [1, 2, 3, 4].map(|k| 16.0 * target[k]);
        let inside = |k: usize| {
            let (x, y) = ((k % 16) as f64, (k / 16) as f64);
            x >= left && x < right && y >= top && y < bottom
        };
        let mean = |wanted: bool| {
            let of: Vec<f64> =
                (0..256).filter(|k| inside(*k) == wanted).map(|k| image[k]).collect();
            of.iter().sum::<f64>() / of.len().max(1) as f64
        };
        assert!(mean(false).abs() < 0.1, "{i}");
        match target[0] as usize {
            0 => assert_eq!(target[1..], [0.0; 4]),
            kind => {
                assert!(mean(true) > if kind == 2 { 0.4 } else { 0.15 }, "{i}: {}", mean(true));
                assert!(left < right && top < bottom && right <= 16.0 && bottom <= 16.0);
            }
        }
    }
}

#[test]
fn faults_of_a_machine_are_not_louder() {
    let (x, y) = synth::machine::<f64>(4000, 0.1, 0).into_parts();
    assert_eq!(y.sum(), Tensor::scalar(400));
    let loudness = auroc(&x.square().mean_over(1).unwrap(), &y).unwrap();
    assert!((0.4..0.65).contains(&loudness), "{loudness}");
    assert_eq!(synth::machine::<f64>(10, 0.0, 0).targets().sum(), Tensor::scalar(0));
}

#[test]
fn a_melody_spells_its_tones() {
    let melodies = synth::tones::<f64>(200, 0.0, 0);
    assert_eq!(melodies.heard, melodies.clean);
    let (frames, lengths) = (melodies.frames.to_vec(), melodies.lengths.to_vec());
    for i in 0..200 {
        let frame = |t: usize| melodies.clean.select(0, i).unwrap().select(0, t).unwrap().to_vec();
        // The tone of a frame by its loudest band; pitches are 1, 2.2, 3.4, 4.6 and 5.8.
        let tone = |t: usize| {
            let frame = frame(t);
            let loudest = (0..12).max_by(|a, b| frame[*a].total_cmp(&frame[*b])).unwrap();
            if frame[loudest] == 0.0 { 0 } else { [0, 1, 2, 3, 0, 4, 5][loudest] }
        };
        let mut read: Vec<usize> = (0..frames[i]).map(tone).collect();
        read.dedup();
        read.retain(|tone| *tone > 0);
        let said = melodies.tones.select(0, i).unwrap().to_vec();
        assert_eq!(read, said[..lengths[i]], "{i}");
        assert!(said[lengths[i]..].iter().all(|tone| *tone == 0) && frames[i] <= 42);
        assert!((frames[i]..42).all(|t| frame(t).iter().all(|x| *x == 0.0)));
    }
}

#[test]
fn steps_that_remember_are_correlated_and_others_are_not() {
    let correlation = |pull: f64| {
        let walk = synth::momentum::<f64>(20_000, pull, 3).to_vec();
        let steps: Vec<f64> = walk.windows(2).map(|w| w[1] - w[0]).collect();
        let product: f64 = steps.windows(2).map(|w| w[0] * w[1]).sum();
        product / steps.iter().map(|step| step * step).sum::<f64>()
    };
    assert!(correlation(0.0).abs() < 0.02 && (correlation(0.3) - 0.3).abs() < 0.02);
    assert_eq!(synth::momentum::<f64>(50, 0.0, 4), synth::random_walk::<f64>(50, 4));
}

#[test]
fn likes_differ_by_user_and_some_items_are_popular() {
    let liked = synth::tastes(500, 100, 10, 0);
    let mut counts = [0; 100];
    for user in 0..500 {
        let mut items = liked.select(0, user).unwrap().to_vec();
        items.iter().for_each(|item| counts[*item] += 1);
        items.sort_unstable();
        items.dedup();
        assert_eq!(items.len(), 10);
    }
    counts.sort_unstable();
    let (most, least): (i32, i32) = (counts[90..].iter().sum(), counts[..50].iter().sum());
    // The ten most popular have more than their tenth, and far from all.
    assert!((900..2500).contains(&most) && least < 1500, "{most} {least}");
    assert_eq!(synth::tastes(3, 2, 5, 0).shape(), [3, 2]);
}

#[test]
fn as_many_labels_are_wrong_as_are_asked_for() {
    let labels = Tensor::from((0..1000).map(|i| i % 10).collect::<Vec<usize>>());
    let (spoilt, wrong) = synth::flipped(&labels, 10, 0.2, 1);
    assert_eq!((wrong.count(), spoilt.not_equal(&labels).unwrap()), (200, wrong));
    assert!(spoilt.iter().all(|label| label < 10));
    assert_eq!(synth::flipped(&labels, 10, 0.0, 1).0, labels);
    assert_eq!(synth::flipped(&tensor![0_usize, 0], 1, 1.0, 1).1.count(), 0);
    let y = Tensor::<f64>::ones([100, 1]);
    let spoilt = synth::with_outliers(&y, 0.3, 10.0, 1);
    assert_eq!(spoilt.iter().filter(|y| *y >= 6.0).count(), 30);
    assert_eq!(spoilt.iter().filter(|y| *y == 1.0).count(), 70);
}

#[test]
fn measures_by_hand() {
    // Three of four healthy ones stay below 0.4: one lesion of two is above.
    let (scores, sick) =
        (tensor![0.1_f64, 0.4, 0.2, 0.9, 0.5, 0.3], tensor![0_usize, 0, 0, 0, 1, 1]);
    assert_eq!(sensitivity_at(0.75, &scores, &sick).unwrap(), (0.5, 0.4));
    assert_eq!(sensitivity_at(1.0, &scores, &sick).unwrap(), (0.0, 0.9));
    assert_eq!(sensitivity_at(0.0, &scores, &sick).unwrap().0, 1.0);
    for specificity in [0.0, 0.5, 0.75, 1.0] {
        let (sensitivity, threshold) = sensitivity_at(specificity, &scores, &sick).unwrap();
        let found = sensitivity_and_specificity(&scores, &sick, threshold).unwrap();
        assert_eq!(found, (sensitivity, specificity));
    }
    assert!(sensitivity_and_specificity(&scores, &sick, f64::NAN).is_err());
    assert!(sensitivity_at(1.5, &scores, &sick).is_err());
    assert!(sensitivity_at(0.5, &scores, &tensor![1_usize, 1, 1, 1, 1, 1]).is_err());

    let said = tensor![0.0_f64, 1.0, 0.55, 0.65];
    let bins = calibration(&said, &tensor![0_usize, 1, 1, 0], 10).unwrap();
    assert_eq!(bins.iter().map(|bin| bin.count).collect::<Vec<_>>(), [1, 1, 1, 1]);
    assert!((calibration_error(&bins) - (0.45 + 0.65) / 4.0).abs() < 1e-12);
    assert!(calibration(&tensor![1.5_f64], &tensor![1_usize], 10).is_err());
    assert!(calibration(&said, &tensor![0_usize, 1, 1, 0], 0).is_err());
    assert_eq!(calibration_error(&[]), 0.0);

    let a = tensor![[0.0_f64, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, 1.0], [1.0, 1.0, 0.0, 0.0]];
    let b = tensor![[0.0_f64, 0.0, 1.0, 1.0], [2.0, 2.0, 3.0, 3.0], [0.0, 0.0, 0.0, 0.0]];
    assert_eq!(iou(&a, &b).unwrap(), tensor![1.0, 0.0, 0.0]);
    assert!(iou(&tensor![[0.0_f64]], &tensor![[0.0]]).is_err());

    for (a, b, edits) in
        [("", "", 0), ("", "abc", 3), ("abc", "", 3), ("abc", "abd", 1), ("ab", "ba", 2)]
    {
        assert_eq!(edit_distance(a.as_bytes(), b.as_bytes()), edits, "{a} {b}");
        assert_eq!(edit_distance(b.as_bytes(), a.as_bytes()), edits, "{b} {a}");
    }
    assert_eq!(token_error_rate::<u8>(&[]), 0.0);
    assert_eq!(token_error_rate(&[(vec![1, 1, 1], vec![2])]), 3.0);

    // Equal scores are one; without a yes any threshold is as good.
    let scores = tensor![[0.5_f64, 0.1], [0.5, 0.2], [0.2, 0.3]];
    let found = best_thresholds(&scores, &tensor![[1_usize, 0], [1, 0], [0, 0]]).unwrap();
    assert!((found.to_vec()[0] - 0.35).abs() < 1e-12, "{found}");
    assert!(best_thresholds(&tensor![1.0_f64], &tensor![1_usize]).is_err());
}

#[test]
fn numbers_in_words_differ_and_can_be_read_back() {
    // Each word's value: a hundred and a thousand multiply what stands before them.
    let small = (0..20).map(|n| (synth::number_in_words(n), n));
    let values: std::collections::BTreeMap<String, usize> =
        small.chain((2..10).map(|tens| (synth::number_in_words(10 * tens), 10 * tens))).collect();
    assert_eq!(values.len(), 28);
    let read = |text: &str| {
        let (mut all, mut part) = (0, 0);
        for word in text.split(' ') {
            match word {
                "and" => {}
                "hundred" => part *= 100,
                "thousand" => (all, part) = (part * 1000, 0),
                word => part += values[word],
            }
        }
        all + part
    };
    for n in (0..2000).chain((2000..1_000_000).step_by(997)) {
        let text = synth::number_in_words(n);
        assert_eq!(read(&text), n, "{text}");
    }
}

#[test]
fn reviews_are_good_by_the_sum_of_their_opinions() {
    let reviews = synth::reviews(2000, 0);
    let good = reviews.iter().filter(|(_, good)| *good).count();
    assert!((900..1100).contains(&good), "{good}");
    let turned =
        reviews.iter().filter(|(text, _)| text.split(' ').any(|w| w == "not" || w == "不"));
    assert!((800..1200).contains(&turned.count()));
    for (text, good) in &reviews {
        // Where all opinions are on one side and none is turned round, there is no doubt.
        let words: Vec<&str> = text.split(' ').collect();
        let opinions = || words.iter().skip(1).step_by(2);
        let side = |of: &[&str]| opinions().all(|word| of.contains(word));
        if side(&[
            "fine", "decent", "good", "great", "superb", "还行", "不错", "好", "很棒", "极好",
        ]) {
            assert!(good, "{text}");
        }
        if side(&["awful", "bad", "poor", "slow", "dull", "糟透", "坏", "差", "慢", "无聊"])
        {
            assert!(!good, "{text}");
        }
    }
    assert_eq!((synth::reviews(7, 1), synth::reviews(0, 1).len()), (synth::reviews(7, 1), 0));
    assert_ne!(synth::reviews(7, 1), synth::reviews(7, 2));
}
