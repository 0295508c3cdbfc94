//! Scalers, synthetic sets and the sets built in, against scikit-learn and their own formulas.

use std::f64::consts::PI;

use wengert_data::{MinMax, Standardizer, TensorDataset, digits, iris, synth, wine};
use wengert_tensor::{Tensor, tensor};

#[test]
fn digits_are_scikit_learns() {
    let digits = digits::<f64>();
    assert_eq!((digits.features().shape(), digits.classes()), (&[1797, 64][..], 10));
    // The sum of all pixels, and the digits' counts, as scikit-learn has them.
    assert_eq!(digits.features().to_vec().iter().sum::<f64>() * 16.0, 561_718.0);
    let counts: Vec<usize> = digits.class_counts().into_values().collect();
    assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
    let first = [
        0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0, 0, 3, 15, 2, 0, 11, 8, 0, 0, 4, 12, 0,
        0, 8, 8, 0, 0, 5, 8, 0, 0, 9, 8, 0, 0, 4, 11, 0, 1, 12, 7, 0, 0, 2, 14, 5, 10, 12, 0, 0, 0,
        0, 6, 13, 10, 0, 0, 0,
    ];
    let image: Vec<f64> = digits.features().to_vec()[..64].iter().map(|x| x * 16.0).collect();
    assert_eq!(image, first.map(f64::from));
    assert_eq!(digits.labels().get(&[0]).unwrap(), 0);
    let most = digits.features().max().unwrap().item().unwrap();
    assert_eq!((digits.features().min().unwrap().item().unwrap(), most), (0.0, 1.0));
    let (train, test) = digits.stratified_split(0.2, 0).unwrap();
    assert_eq!((train.len(), test.len()), (1438, 359));
}

#[test]
fn iris_and_wine() {
    let iris = iris::<f64>();
    assert_eq!(iris.features().shape(), [150, 4]);
    assert_eq!(iris.class_names(), ["setosa", "versicolor", "virginica"]);
    assert!((iris.features().sum().item().unwrap() - 2078.7).abs() < 1e-9);
    assert!(iris.class_counts().values().all(|&count| count == 50));
    let wine = wine::<f64>();
    assert_eq!((wine.features().shape(), wine.feature_names().len()), (&[178, 13][..], 13));
    assert_eq!(wine.class_counts().into_values().collect::<Vec<_>>(), [59, 71, 48]);
    assert!((wine.features().sum().item().unwrap() - 159_975.295_999).abs() < 1e-6);
}

#[test]
fn standardizing() {
    // The first row of wine, as scikit-learn's StandardScaler has it.
    let wine = wine::<f64>();
    let scaler = Standardizer::fit(wine.features()).unwrap();
    let scaled = scaler.apply(wine.features()).unwrap();
    let wanted = [
        1.5186125409891542,
        -0.562249798328623,
        0.23205254099473993,
        -1.1695931750229027,
        1.9139052175708111,
        0.8089973946320399,
        1.0348189581307379,
        -0.6595631143050651,
        1.2248839840604513,
        0.2517168498188532,
        0.3621772757786129,
        1.8479195665066535,
        1.013008926747691,
    ];
    for (x, wanted) in scaled.to_vec().iter().zip(wanted) {
        assert!((x - wanted).abs() < 1e-12, "{x} {wanted}");
    }
    let back = scaler.invert(&scaled).unwrap();
    let off = (&back - wine.features()).abs().max().unwrap().item().unwrap();
    assert!(off < 1e-9, "{off}");

    // A constant column: 0, and back, not NaN; even one that no binary fraction is.
    let x = tensor![[0.1_f32, 1.0], [0.1, 2.0], [0.1, 3.0]];
    let scaler = Standardizer::fit(&x).unwrap();
    let y = scaler.apply(&x).unwrap();
    assert_eq!(y.slice(wengert_tensor::s![.., 0]).unwrap().to_vec(), [0.0; 3]);
    let back = scaler.invert(&y).unwrap();
    assert!(back.to_vec().iter().zip(x.to_vec()).all(|(a, b)| (a - b).abs() < 1e-6), "{back}");
    assert_eq!(scaler.deviation().get(&[0]).unwrap(), 1.0);
    let saved = Standardizer::of(&scaler.mean(), &scaler.deviation()).unwrap();
    assert_eq!(saved, scaler);
    assert!(Standardizer::of(&tensor![0.0], &tensor![0.0]).is_err());
    assert!(Standardizer::of(&tensor![0.0], &tensor![1.0, 1.0]).is_err());
    // Far from 0.
    let far = Tensor::from_fn([1000, 1], |i| 1e9 + (i[0] % 2) as f64);
    assert!((Standardizer::fit(&far).unwrap().deviation().item().unwrap() - 0.5).abs() < 1e-9);
    // Rows of any shape; one row; no columns.
    let images = Tensor::from_fn([4, 2, 3], |i| (i[0] * i[1] + i[2]) as f32);
    assert_eq!(Standardizer::fit(&images).unwrap().apply(&images).unwrap().shape(), [4, 2, 3]);
    assert_eq!(Standardizer::fit(&tensor![[5.0_f32]]).unwrap().mean(), tensor![5.0]);
    let none = Tensor::<f32>::zeros([4, 0]);
    assert_eq!(Standardizer::fit(&none).unwrap().apply(&none).unwrap().shape(), [4, 0]);
    let column = tensor![1.0_f32, 3.0];
    assert_eq!(Standardizer::fit(&column).unwrap().apply(&column).unwrap().to_vec(), [-1.0, 1.0]);

    let error =
        Standardizer::fit(&tensor![[1.0_f32, 2.0], [3.0, f32::NAN]]).unwrap_err().to_string();
    assert!(error.contains("row 1, column 1 is NaN"), "{error}");
    assert!(Standardizer::fit(&Tensor::<f32>::zeros([0, 2])).is_err());
    assert!(Standardizer::fit(&Tensor::scalar(1.0_f32)).is_err());
    assert!(scaler.apply(&Tensor::<f32>::zeros([2, 3])).is_err());
    assert!(Standardizer::fit(&tensor![[f64::MAX], [f64::MIN]]).is_err());
    assert!(MinMax::fit(&x, 1.0, 1.0).is_err() && MinMax::fit(&x, 0.0, f64::NAN).is_err());
}

#[test]
fn the_tutorials_line() {
    let data = synth::linear::<f64>(100, 3.0, 4.0, 0.5, 42);
    let x = data.features().to_vec();
    assert_eq!(x, Tensor::linspace(-10.0, 10.0, 100).to_vec());
    let noise: Vec<f64> =
        x.iter().zip(data.targets().to_vec()).map(|(x, y)| y - (3.0 * x + 4.0)).collect();
    let mean = noise.iter().sum::<f64>() / 100.0;
    let deviation = (noise.iter().map(|e| (e - mean).powi(2)).sum::<f64>() / 100.0).sqrt();
    assert!(mean.abs() < 0.15 && (deviation - 0.5).abs() < 0.1, "{mean} {deviation}");
    // Without noise, exactly the line; with f32, the same rounded.
    let line = synth::linear::<f64>(5, 3.0, 4.0, 0.0, 0);
    assert_eq!(line.targets().to_vec(), [-26.0, -11.0, 4.0, 19.0, 34.0]);
    assert_eq!(synth::linear::<f32>(100, 3.0, 4.0, 0.5, 42).targets(), &data.targets().cast());
    let again = synth::linear::<f64>(100, 3.0, 4.0, 0.5, 42);
    assert_eq!(again.targets(), data.targets());
    assert_ne!(synth::linear::<f64>(100, 3.0, 4.0, 0.5, 43).targets(), data.targets());
    for n in [0, 1, 2] {
        assert_eq!(synth::linear::<f32>(n, 1.0, 0.0, 1.0, 0).len(), n);
        assert_eq!(synth::friedman1::<f32>(n, 1.0, 0).len(), n);
    }
}

#[test]
fn curves() {
    let sine = synth::sine::<f64>(9, 0.0, 0);
    for (x, y) in sine.features().iter().zip(sine.targets().iter()) {
        assert_eq!(y, x.sin());
    }
    assert_eq!(sine.features().get(&[8, 0]).unwrap(), PI);
    let data = synth::friedman1::<f64>(200, 0.0, 1);
    for (x, y) in data.features().to_vec().chunks(10).zip(data.targets().iter()) {
        let wanted = 10.0 * (PI * x[0] * x[1]).sin() + 20.0 * (x[2] - 0.5).powi(2);
        assert!((y - wanted - 10.0 * x[3] - 5.0 * x[4]).abs() < 1e-12);
        assert!(x.iter().all(|x| (0.0..1.0).contains(x)));
    }
}

fn of(data: &TensorDataset<f64>, class: usize) -> Vec<Vec<f64>> {
    let rows = data.features().to_vec();
    let rows = rows.chunks(data.features().shape()[1]).zip(data.labels().iter());
    rows.filter(|row| row.1 == class).map(|row| row.0.to_vec()).collect()
}

#[test]
fn classes_in_the_plane() {
    let moons = synth::moons::<f64>(101, 0.0, 0);
    assert_eq!(moons.class_counts().into_values().collect::<Vec<_>>(), [51, 50]);
    assert!(of(&moons, 0).iter().all(|p| (p[0].hypot(p[1]) - 1.0).abs() < 1e-12 && p[1] > -1e-12));
    assert!(of(&moons, 1).iter().all(|p| ((p[0] - 1.0).hypot(p[1] - 0.5) - 1.0).abs() < 1e-12));
    let circles = synth::circles::<f64>(80, 0.3, 0.0, 0);
    assert!(of(&circles, 0).iter().all(|p| (p[0].hypot(p[1]) - 1.0).abs() < 1e-12));
    assert!(of(&circles, 1).iter().all(|p| (p[0].hypot(p[1]) - 0.3).abs() < 1e-12));
    let spirals = synth::spirals::<f64>(90, 3, 0.0, 0).unwrap();
    for class in 0..3 {
        for (i, p) in of(&spirals, class).iter().enumerate() {
            assert!((p[0].hypot(p[1]) - i as f64 / 29.0).abs() < 1e-12);
        }
    }
    let xor = synth::xor::<f64>(400, 0.0, 0);
    let mut quadrants = [[0; 2]; 2];
    for class in 0..2 {
        for p in of(&xor, class) {
            assert_eq!((p[0] > 0.0) != (p[1] > 0.0), class == 1);
            assert!(p[0].abs() <= 1.0 && p[1].abs() <= 1.0);
            quadrants[usize::from(p[0] > 0.0)][usize::from(p[1] > 0.0)] += 1;
        }
    }
    assert_eq!(quadrants, [[100; 2]; 2]);
    let blobs = synth::blobs::<f64>(3000, 3, 4, 0.5, 0).unwrap();
    for class in 0..3 {
        let points = of(&blobs, class);
        assert_eq!(points.len(), 1000);
        for column in 0..4 {
            let mean = points.iter().map(|p| p[column]).sum::<f64>() / 1000.0;
            let square = points.iter().map(|p| (p[column] - mean).powi(2)).sum::<f64>() / 1000.0;
            assert!((square.sqrt() - 0.5).abs() < 0.05);
        }
    }
    let rare = synth::imbalanced::<f64>(1000, 0.01, 0).unwrap();
    assert_eq!(rare.class_counts()[&1], 10);
    assert_eq!(synth::imbalanced::<f64>(10, 0.001, 0).unwrap().class_counts()[&1], 1);
    for n in [0, 1] {
        assert_eq!(synth::imbalanced::<f64>(n, 0.5, 0).unwrap().len(), n);
        assert_eq!(synth::moons::<f64>(n, 0.1, 0).len(), n);
        assert_eq!(synth::xor::<f64>(n, 0.1, 0).len(), n);
    }
    assert!(
        synth::blobs::<f64>(1, 0, 2, 1.0, 0).is_err()
            && synth::spirals::<f64>(1, 0, 1.0, 0).is_err()
    );
    for share in [0.0, 1.0, f64::NAN] {
        assert!(synth::imbalanced::<f64>(1, share, 0).is_err());
    }
    // Neighbouring samples are of different classes, so that an unshuffled batch is mixed.
    assert_eq!(moons.labels().to_vec()[..4], [0, 1, 0, 1]);
}

#[test]
fn series() {
    let walk = synth::random_walk::<f64>(20_000, 1);
    let walk = walk.to_vec();
    assert_eq!(walk[0], 0.0);
    let steps: Vec<f64> = walk.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let square = steps.iter().map(|s| s * s).sum::<f64>() / steps.len() as f64;
    assert!((square - 1.0).abs() < 0.05);
    let seasons = synth::seasons::<f64>(48, 0.0, 0);
    assert!(
        (seasons.get(&[6]).unwrap() - (0.06 + 1.0 + 0.5 * (2.0 * PI * 6.0 / 168.0).sin())).abs()
            < 1e-12
    );

    // No window knows its future: what comes later may be anything.
    let (n, width, ahead) = (30, 5, 3);
    let series = Tensor::from((0..n).map(|i| i as f64).collect::<Vec<_>>());
    let data = synth::windows(&series, width, ahead).unwrap();
    assert_eq!(data.len(), n - width - ahead + 1);
    for (i, (x, y)) in data.features().to_vec().chunks(width).zip(data.targets().iter()).enumerate()
    {
        assert_eq!(x, (i..i + width).map(|t| t as f64).collect::<Vec<_>>());
        assert_eq!(y, (i + width - 1 + ahead) as f64);
    }
    for (width, ahead) in [(0, 1), (1, 0), (30, 1), (1, 30), (usize::MAX, 2), (2, usize::MAX)] {
        assert!(synth::windows(&series, width, ahead).is_err());
    }
    assert!(synth::windows(&Tensor::<f32>::zeros([9, 9]), 2, 1).is_err());
    assert_eq!(synth::windows(&series, 29, 1).unwrap().len(), 1);
}
