//! What tutorials teach by pictures and by names: counted, drawn and run. Rows of `docs/tutorials.md`.

use wengert::autograd::{hessian, hvp};
use wengert::loss;
use wengert::prelude64::*;
use wengert::train::curvature;

use super::errata::slope;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

#[test]
fn a_forward_pass_records_the_ops_that_one_counts_by_hand() -> Outcome {
    let rng = &mut Rng::new(0);
    let model = sequential![Linear::new(10, 5, rng), Tanh, Linear::new(5, 1, rng)];
    let tape = Tape::new();
    let loss = loss::mse(model.call(tape.constant(Tensor::ones([3, 10])))?, Tensor::zeros([3, 1]))?;
    let ops: Vec<&str> = (0..tape.len()).map(|k| tape.line(k).unwrap().op()).collect();
    // The input; two parameters and the product for each layer; the target, the errors and their mean.
    let by_hand = [
        "constant",
        "param",
        "param",
        "linear",
        "tanh",
        "param",
        "param",
        "linear",
        "constant",
        "squared_error",
        "mean",
    ];
    assert_eq!(ops, by_hand);
    assert_eq!(loss.index(), tape.len() - 1);
    Ok(())
}

#[test]
fn the_flow_of_data_through_a_linear_model_is_drawn() -> Outcome {
    let model = Linear::from_weights(tensor![[2.0]], Some(tensor![1.0]))?;
    assert_eq!(model.parameters()[0].path(), "weight");
    let tape = Tape::new();
    loss::mse(model.call(tape.constant(tensor![[3.0]]))?, tensor![[4.0]])?;
    // Prediction and target both lead to the loss, and nothing leads to the target.
    let drawn = r#"graph LR
  n0("constant<br/>[1, 1]")
  n1[("weight<br/>[1, 1]")]
  n2[("bias<br/>[1]")]
  n3["Linear<br/>[1, 1]"]
  n4("constant<br/>[1, 1]")
  n5["squared_error<br/>[1, 1]"]
  n6["sum<br/>[]"]
  n0 --> n3
  n1 --> n3
  n2 --> n3
  n3 --> n5
  n4 --> n5
  n5 --> n6
"#;
    assert_eq!(wengert::viz::tape_mermaid(&tape), drawn);
    Ok(())
}

#[test]
fn every_activation_has_a_finite_value_and_slope_at_every_size() -> Outcome {
    // Each power of two that a float has, on both sides, and 0.
    let powers = (-149..128).map(|p| 2.0_f64.powi(p) as f32);
    let x: Vec<f32> = powers.flat_map(|x| [x, -x]).chain([0.0]).collect();
    type V<'t> = wengert::autograd::Var<'t, f32>;
    type Activation = for<'t> fn(V<'t>) -> V<'t>;
    let activations: [(&str, Activation); 15] = [
        ("tanh", |x| x.tanh()),
        ("sigmoid", |x| x.sigmoid()),
        ("log_sigmoid", |x| x.log_sigmoid()),
        ("relu", |x| x.relu()),
        ("relu6", |x| x.relu6()),
        ("leaky_relu", |x| x.leaky_relu(0.01)),
        ("elu", |x| x.elu(1.0)),
        ("celu", |x| x.celu(1.0)),
        ("selu", |x| x.selu()),
        ("gelu", |x| x.gelu()),
        ("gelu_tanh", |x| x.gelu_tanh()),
        ("silu", |x| x.silu()),
        ("mish", |x| x.mish()),
        ("softplus", |x| x.softplus(1.0, 20.0)),
        ("hardswish", |x| x.hardswish()),
    ];
    for (name, f) in activations {
        let tape = wengert::autograd::Tape::<f32>::new();
        let x = tape.var(wengert::tensor::Tensor::from(x.clone()));
        let y = f(x);
        let g = y.pull_tensors(&[x], &y.value()?.ones_like())?;
        let at = x.value()?;
        for (x, (y, g)) in at.iter().zip(y.value()?.iter().zip(g[0].iter())) {
            assert!(y.is_finite() && g.is_finite(), "{name} of {x:e} is {y}, slope {g}");
        }
    }
    Ok(())
}

/// x² - y², of one parameter.
struct Saddle(Param);

impl Parts<f64> for Saddle {
    fn visit(&self, visitor: &mut wengert::nn::Visitor<'_, f64>) {
        visitor.param("at", &self.0);
    }
}

impl Module<f64> for Saddle {
    fn forward<'t>(&self, x: Var<'t>) -> wengert::autograd::Result<Var<'t>> {
        let squares = x.tape().param(&self.0).square();
        squares.try_mul(tensor![1.0, -1.0])?.sum().try_mul(x)
    }
}

#[test]
fn descent_that_starts_on_a_ridge_ends_at_the_saddle() -> Outcome {
    let model = Saddle(Param::new(tensor![1.0, 0.0]));
    let as_it_is = loss::custom(|y: Var<'_>, _: &Tensor| Ok(y.sum()));
    let mut optimizer = Sgd::new(model.parameters(), 0.1);
    let mut last = 0.0;
    for _ in 0..200 {
        let tape = Tape::new();
        optimizer.zero_grad();
        let loss = model.call(tape.constant(tensor![1.0]))?.sum();
        loss.backward()?;
        last = optimizer.parameters()[0].grad().unwrap().square().sum().item()?;
        optimizer.step()?;
    }
    // It is flat there, and not a minimum.
    assert!(last < 1e-12, "{last}");
    let seen = curvature(&model, &as_it_is, &tensor![1.0], &tensor![0.0])?;
    assert!(seen.is_saddle() && seen.most > 0.0 && seen.least < 0.0, "{seen}");
    // The smallest push to the side leads down for ever.
    model.0.set(model.0.value() + tensor![0.0, 1e-9]);
    for _ in 0..200 {
        let tape = Tape::new();
        optimizer.zero_grad();
        model.call(tape.constant(tensor![1.0]))?.sum().backward()?;
        optimizer.step()?;
    }
    assert!(model.0.value().to_vec()[1] > 1e5);
    Ok(())
}

/// (1 - x)² + 100·(y - x²)²: a valley that bends.
fn rosenbrock<'t>(at: Var<'t>) -> wengert::autograd::Result<Var<'t>> {
    let (x, y) = (at.select(0, 0)?, at.select(0, 1)?);
    x.rsub_scalar(1.0).square().try_add(y.try_sub(x.square())?.square() * 100.0)
}

/// (x² + y - 11)² + (x + y² - 7)²: four minima of the same depth.
fn himmelblau<'t>(at: Var<'t>) -> wengert::autograd::Result<Var<'t>> {
    let (x, y) = (at.select(0, 0)?, at.select(0, 1)?);
    let a = x.square().try_add(y)?.add_scalar(-11.0).square();
    a.try_add(x.try_add(y.square())?.add_scalar(-7.0).square())
}

#[test]
fn curvature_is_that_of_functions_whose_curvature_is_known() -> Outcome {
    // By hand, at the minimum (1, 1) of Rosenbrock's valley: 2 + 800, -400; -400, 200.
    let at = tensor![1.0, 1.0];
    let h = hessian(rosenbrock, &at)?;
    assert!(h.allclose(&tensor![[802.0, -400.0], [-400.0, 200.0]], 1e-14, 0.0, false)?, "{h}");
    let along = tensor![0.3, -2.0];
    let product = hvp(rosenbrock, &at, &along)?;
    assert!(product.allclose(&h.matmul(&along)?, 1e-14, 0.0, false)?, "{product}");
    // The four minima of Himmelblau's function, to four digits: flat, and curved upwards on both axes.
    for (x, y) in [(3.0, 2.0), (-2.8051, 3.1313), (-3.7793, -3.2832), (3.5844, -1.8481)] {
        let at = tensor![x, y];
        let g = slope(at.clone(), himmelblau)?;
        assert!(g.abs().max()?.item()? < 0.01, "{g}");
        let h = hessian(himmelblau, &at)?.to_vec();
        assert!(h[0] > 0.0 && h[0] * h[3] - h[1] * h[2] > 0.0, "{h:?}");
    }
    Ok(())
}

#[test]
fn a_box_and_its_class_are_two_terms_of_one_objective() -> Outcome {
    // Objects as a detector has them: class 0 is the background, whose box counts nothing.
    let rng = &mut Rng::new(0);
    let x = Tensor::randn([60, 4], rng);
    let classes: Vec<usize> = x.to_vec().chunks(4).map(|x| usize::from(x[0] > 0.0)).collect();
    let classes = Labels::from(classes);
    let boxes = x.linear(&Tensor::randn([4, 4], rng), None)?;
    let object = classes.map(|c| c as f64);
    let model = Linear::new(4, 2 + 4, rng);
    let each = SmoothL1Loss::new().reduction(Reduction::None);
    let losses = |tape: &_| -> Outcome<(f64, f64)> {
        let y = model.call(Tape::constant(tape, x.clone()))?;
        let class = loss::cross_entropy(y.narrow(1, 0, 2)?, &classes)?;
        let place = loss::weighted_mean(each.forward(y.narrow(1, 2, 4)?, &boxes)?, &object)?;
        if tape.is_recording() {
            (class + place).backward()?;
        }
        Ok((class.item()?, place.item()?))
    };
    let before = losses(&Tape::no_grad())?;
    let mut optimizer = Adam::new(model.parameters(), 0.05);
    for _ in 0..300 {
        optimizer.zero_grad();
        losses(&Tape::new())?;
        optimizer.step()?;
    }
    let after = losses(&Tape::no_grad())?;
    assert!(after.0 < 0.2 * before.0 && after.1 < 0.02 * before.1, "{before:?} {after:?}");
    Ok(())
}

#[test]
fn classifiers_of_images_learn_faster_by_cross_entropy_than_by_squared_error() -> Outcome {
    // The same net from the same weights, on the digits, with the same steps: AlexNet's choice, and the one it is said to have made.
    let data = wengert::data::digits::<f64>();
    let (train, test) = data.split(0.5, 0)?;
    let rng_of = || Rng::new(0);
    let reached = |squares: bool| -> Outcome<f64> {
        let rng = &mut rng_of();
        let width = train.features().shape()[1];
        let model = sequential![Linear::new(width, 32, rng), Relu, Linear::new(32, 10, rng)];
        let mut optimizer = Sgd::new(model.parameters(), 0.1);
        let loader = DataLoader::new(&train, 50)?.shuffle(0);
        let squared = loss::custom(|x: Var<'_>, labels: &Labels| {
            loss::mse(x.softmax(1)?, labels.one_hot::<f64>(10)?)
        });
        let cross = CrossEntropyLoss::new();
        match squares {
            true => Trainer::new(&model, &squared, &mut optimizer).silent().fit(&loader, 10)?,
            false => Trainer::new(&model, &cross, &mut optimizer).silent().fit(&loader, 10)?,
        };
        Ok(metrics::accuracy(&model.predict(test.features())?, test.labels())?)
    };
    let (cross, squares) = (reached(false)?, reached(true)?);
    assert!(cross > 0.9 && cross > squares + 0.1, "{cross} {squares}");
    Ok(())
}

#[test]
fn squared_error_of_frames_does_not_recognise_a_word() -> Outcome {
    // A word as frames of a spectrum, spoken by two voices, of which one is louder; and another word by the first voice.
    let word = tensor![[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]];
    let (louder, other) = (&word * 3.0, word.roll(1, 1)?);
    let apart = |a: &Tensor, b: &Tensor| -> Outcome<f64> {
        Ok(loss::mse(Tape::new().constant(a.clone()), b)?.item()?)
    };
    // As frames, the other word is the nearer one.
    assert!(apart(&word, &other)? < apart(&word, &louder)?);
    // Of labels it is not: the same word costs little, the other one much.
    let labels = Labels::from(vec![1, 0, 2]);
    let recognised = |frames: &Tensor| -> Outcome<f64> {
        Ok(loss::cross_entropy(Tape::new().constant(frames * 5.0), &labels)?.item()?)
    };
    assert!(recognised(&word)? < 0.02 && recognised(&louder)? < 0.02);
    assert!(recognised(&other)? > 2.0);
    Ok(())
}

#[test]
fn frames_that_are_padding_cost_nothing() -> Outcome {
    // Two sounds of 3 and 2 frames, padded to 4, and the same padded to 5 with something else.
    let rng = &mut Rng::new(6);
    let (x, y) = (Tensor::randn([2, 3, 5], rng), Tensor::randn([2, 3, 5], rng));
    let padded = |frames: usize, filling: f64| -> Outcome<(f64, Tensor)> {
        let pad = |t: &Tensor| t.pad([(0, 0), (0, frames as isize - 3), (0, 0)], filling);
        let counts = Tensor::from_fn([2, frames], |at| f64::from(at[1] < 3 - at[0]));
        let tape = Tape::new();
        let prediction = tape.var(pad(&x)?);
        let each =
            MaeLoss::new().reduction(Reduction::None).forward(prediction, &(pad(&y)? + 1.0))?;
        let loss = loss::weighted_mean(each, &counts)?;
        let g = loss.gradients()?.wrt(prediction).value()?;
        // No gradient where nothing counts.
        assert!(g.narrow(1, 3, frames - 3)?.abs().max()?.item()? == 0.0);
        assert!(g.select(0, 1)?.narrow(0, 2, 1)?.abs().max()?.item()? == 0.0);
        Ok((loss.item()?, g.narrow(1, 0, 3)?))
    };
    let (loss, g) = padded(4, 0.0)?;
    let (other, other_g) = padded(5, 1e6)?;
    assert!((loss - other).abs() < 1e-15 && g == other_g, "{loss} {other}");
    // By hand: the mean over the five frames that count.
    let errors = (x - y - 1.0).abs();
    let sum = errors.sum().item()? - errors.select(0, 1)?.select(0, 2)?.sum().item()?;
    assert!((loss - sum / 25.0).abs() < 1e-14);
    Ok(())
}
