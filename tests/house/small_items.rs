//! Small public items that no other test names; `.ci/public-items` found them.

use wengert::nn::Counter;
use wengert::optim::schedule::{AtLeast, ConstantLr, Then, WarmUp};
use wengert::prelude::*;

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[test]
fn features_have_names_one_each() -> Outcome {
    let data = wengert::data::synth::blobs::<f32>(20, 2, 2, 0.5, 0)?;
    let named = data.clone().with_feature_names(["x", "y"])?;
    assert_eq!(named.feature_names(), ["x", "y"]);
    assert!(data.with_feature_names(["x"]).is_err());
    Ok(())
}

#[test]
fn train_test_split_is_split() -> Outcome {
    let data = wengert::data::iris::<f32>();
    let (train, test) = data.train_test_split(0.2, 3)?;
    let (same, _) = data.split(0.2, 3)?;
    assert_eq!((train.len(), test.len()), (120, 30));
    assert_eq!(train.features(), same.features());
    Ok(())
}

#[test]
fn a_layer_is_pushed_under_a_name() -> Outcome {
    let mut model = Sequential::new();
    model.push_named("first", Linear::new(3, 2, &mut Rng::new(0)));
    model.push(Relu);
    let names = model.named_parameters().into_iter().map(|(name, _)| name);
    assert_eq!(names.collect::<Vec<_>>(), ["first.weight", "first.bias"]);
    assert_eq!(model.predict(&Tensor::ones([4, 3]))?.shape(), [4, 2]);
    Ok(())
}

#[test]
fn a_counter_is_one_counter_in_all_its_clones() {
    let counter = Counter::new(4);
    let same = counter.clone();
    assert_eq!((counter.increment(), same.get()), (5, 5));
}

#[test]
fn a_parameter_knows_its_name_and_whether_it_is_frozen() {
    let layer = Linear::new(2, 1, &mut Rng::new(0));
    assert!(!Param::new(Tensor::zeros([1])).is_named());
    let parameters = layer.parameters();
    assert_eq!(parameters.len(), 2);
    assert!(layer.weight.is_named() && !layer.weight.is_frozen());
    layer.weight.set_frozen(true);
    assert!(layer.weight.is_frozen());
}

#[test]
fn schedules_combine_into_types_that_can_be_named() {
    let warm: WarmUp<ConstantLr> = ConstantLr::new(0.4).warm_up(4);
    let then: Then<_, ConstantLr> = warm.then(10, ConstantLr::new(0.1));
    let schedule: AtLeast<_> = then.at_least(0.2);
    let rates = [0, 3, 9, 10].map(|step| schedule.rate(step));
    assert_eq!(rates, [0.2, 0.4, 0.4, 0.2]);
}

#[test]
fn gradient_descent_is_sgd_without_options() -> Outcome {
    let w = Param::new(tensor![1.0]);
    w.set_grad(Some(tensor![2.0]));
    GradientDescent::new([w.clone()], 0.25).step()?;
    assert_eq!(w.value(), tensor![0.5]);
    Ok(())
}

#[test]
fn randn_like_is_randn_of_the_same_shape() {
    let x: Tensor = Tensor::zeros([3, 4]);
    assert_eq!(x.randn_like(&mut Rng::new(5)), Tensor::randn([3, 4], &mut Rng::new(5)));
}

#[test]
fn a_history_lists_the_metric_of_validation() -> Outcome {
    let (train, test) = wengert::data::iris().stratified_split(0.2, 0)?;
    let (train, test) = (DataLoader::full(train)?, DataLoader::full(test)?);
    let model = Linear::new(4, 3, &mut Rng::new(0));
    let criterion = CrossEntropyLoss::new();
    let mut optimizer = Adam::new(model.parameters(), 0.05);
    let history = Trainer::new(&model, &criterion, &mut optimizer)
        .validation(&test)
        .metric("accuracy", metrics::accuracy)
        .fit(&train, 3)?;
    let metrics: Vec<f64> = history.validation_metrics().collect();
    assert_eq!(metrics.len(), 3);
    assert!(metrics.iter().all(|m| (0.0..=1.0).contains(m)), "{metrics:?}");
    Ok(())
}

#[test]
fn a_gradient_check_names_the_ops_to_blame() {
    let wrong = wengert::autograd::gradcheck(
        |x| {
            let value = |x: &[&wengert::tensor::Tensor<f64>]| Ok(x[0].square());
            x[0].tape().custom("wrong", &[x[0]], value, |g, _, _| Ok(vec![Some(g.clone())]))
        },
        &[wengert::tensor::tensor![0.3]],
    );
    assert!(wrong.blames().iter().any(|blame| blame.to_string().contains("wrong")), "{wrong}");
}

#[test]
fn a_line_of_a_tape_knows_its_scope() -> Outcome {
    let tape = Tape::new();
    let layer = Linear::new(2, 1, &mut Rng::new(0));
    let y = layer.call(tape.constant(Tensor::ones([1, 2])))?.square();
    let lines = tape.lines();
    let number = |op: &str| lines.iter().find(|l| l.op().name() == op).map(|l| l.scope_number());
    assert_eq!((number("linear"), number("square")), (Some(Some(0)), Some(None)));
    assert_eq!(y.shape()[..], [1, 1]);
    Ok(())
}

#[test]
fn a_tape_is_checked_for_parameters_without_a_name() -> Outcome {
    let layer = Linear::new(2, 1, &mut Rng::new(0));
    let tape = Tape::new();
    layer.call(tape.constant(Tensor::ones([1, 2])))?;
    wengert::nn::check_parameters_on(&layer, &tape)?;
    tape.param(&Param::new(Tensor::ones([1])));
    let error = wengert::nn::check_parameters_on(&layer, &tape).unwrap_err();
    assert!(error.to_string().contains("parts!"), "{error}");
    Ok(())
}

#[test]
fn pictures_change_their_size_and_their_channels() -> Outcome {
    use wengert::nn::functional::{self, Interpolation};
    let tape = Tape::new();
    let x = tape.constant(Tensor::arange(0.0, 16.0, 1.0)?.reshape([1, 1, 4, 4])?);
    let mean = functional::adaptive_avg_pool::<_, 2>(x, 2)?;
    assert_eq!(mean.value()?.to_vec(), [2.5, 4.5, 10.5, 12.5]);
    let most = functional::adaptive_max_pool::<_, 2>(x, 2)?;
    assert_eq!(most.value()?.to_vec(), [5.0, 7.0, 13.0, 15.0]);
    let (same, places) = functional::adaptive_max_pool_at::<_, 2>(x, 2)?;
    assert_eq!((same.value()?, places.to_vec()), (most.value()?, vec![5, 7, 13, 15]));
    let twice = functional::interpolate_by(most, [2.0, 2.0], Interpolation::Nearest)?;
    assert_eq!(twice.shape()[..], [1, 1, 4, 4]);
    assert_eq!(twice.value()?.to_vec()[..4], [5.0, 5.0, 7.0, 7.0]);
    // [1, 1, 4, 4] as [1, 4, 2, 2], and back.
    let apart = functional::pixel_unshuffle(x, 2)?;
    assert_eq!(apart.value()?.to_vec()[..4], [0.0, 2.0, 8.0, 10.0]);
    assert_eq!(functional::pixel_shuffle(apart, 2)?.value()?, x.value()?);
    let mixed = functional::channel_shuffle(apart, 2)?.value()?;
    assert_eq!(mixed.select(1, 1)?, apart.value()?.select(1, 2)?);
    Ok(())
}

#[test]
fn channels_are_dropped_whole() -> Outcome {
    let tape = Tape::new().seeded(3);
    let y = wengert::nn::functional::channel_dropout::<_, 2>(
        tape.constant(Tensor::ones([4, 8, 2, 2])),
        0.5,
    )?;
    let (y, mut dropped) = (y.value()?, 0);
    for channel in y.reshape([32, 4])?.to_vec().chunks(4) {
        assert!(channel.iter().all(|x| *x == channel[0]) && [0.0, 2.0].contains(&channel[0]));
        dropped += usize::from(channel[0] == 0.0);
    }
    assert!((8..=24).contains(&dropped), "{dropped}");
    let volumes = Dropout3d::new(0.5).call(tape.constant(Tensor::ones([2, 4, 2, 2, 2])))?;
    assert!(
        volumes.value()?.reshape([8, 8])?.to_vec().chunks(8).all(|c| c.iter().all(|x| *x == c[0]))
    );
    Ok(())
}

#[test]
fn a_transposed_convolution_of_volumes() -> Outcome {
    let layer = ConvTranspose3d::new(2, 3, 2, &mut Rng::new(0)).stride(2);
    assert_eq!(layer.predict(&Tensor::ones([1, 2, 2, 3, 4]))?.shape(), [1, 3, 4, 6, 8]);
    Ok(())
}

#[test]
fn wrappers_show_the_optimiser_inside() {
    let w = Param::new(Tensor::ones([1]));
    let mut lookahead = Lookahead::new(Sgd::new([w.clone()], 0.1), 5, 0.5);
    lookahead.optimizer_mut().set_learning_rate(0.2);
    assert_eq!(lookahead.learning_rate(), 0.2);
    let mut sam = Sam::new(Sgd::new([w], 0.1), 0.05);
    sam.optimizer_mut().set_learning_rate(0.3);
    assert_eq!(sam.optimizer().learning_rate(), 0.3);
}

#[test]
fn states_take_up_others_and_come_apart() {
    use wengert::nn::State;
    let mut part = State::<f32>::new();
    part.insert("weight", Tensor::ones([2]));
    let mut all = State::new();
    all.insert_all("layer.", &part);
    let names: Vec<String> = all.into_entries().map(|(name, _)| name).collect();
    assert_eq!(names, ["layer.weight"]);
}

#[test]
fn shapes_are_checked_in_the_name_of_an_op() -> Outcome {
    use wengert::tensor::{Shape, axis_or_refuse, is_axis_of_scalar};
    assert_eq!(axis_or_refuse("mine", &[2, 3], -1)?, 1);
    let error = axis_or_refuse("mine", &[2, 3], 2).unwrap_err().to_string();
    assert!(error.starts_with("mine"), "{error}");
    assert!(is_axis_of_scalar(&[], 0) && is_axis_of_scalar(&[], -1) && !is_axis_of_scalar(&[1], 0));
    assert_eq!(
        (Shape::checked_len(&[2, 3]), Shape::checked_len(&[usize::MAX, 2])),
        (Some(6), None)
    );
    assert!(Shape::len_or_refuse("mine", &[usize::MAX, 2]).is_err());
    assert_eq!(&Shape::broadcast_or_refuse("mine", &[2, 1], &[3])?[..], [2, 3]);
    assert!(Shape::broadcast_or_refuse("mine", &[2], &[3]).is_err());
    Ok(())
}

#[test]
fn formulas_take_duals_constants_and_give_their_text() {
    use wengert::tensor::kernel::level::Portable;
    use wengert::tensor::pointwise::{Arg, BinaryOp, Dual, HALF, LaneFloat, TWO, UnaryOp};
    // The slope of ½·x², doubled, at 3.
    let x = Dual::variable(3.0_f64.lane::<Portable>());
    let y = TWO * (HALF * x * x);
    let number = |lane| f64::from_lane::<Portable>(lane);
    assert_eq!((number(y.value), number(y.slope)), (9.0, 6.0));
    assert_eq!(number(HALF.beside(4.0_f64.lane::<Portable>())), 0.5);
    assert!(UnaryOp::Tanh.value_text().contains("tanh") && !UnaryOp::Tanh.slope_text().is_empty());
    assert!(BinaryOp::Mul.value_text().contains('*') && !BinaryOp::Mul.slope_text(0).is_empty());
}

#[test]
fn a_step_of_a_recurrent_layer_has_its_number_of_gates() {
    use wengert::tensor::recurrent::Step;
    assert_eq!([Step::Tanh, Step::Relu, Step::Gru, Step::Lstm].map(Step::gates), [1, 1, 3, 4]);
}

#[test]
fn a_place_that_is_not_known_says_so() {
    assert!(wengert::train::doctor::Place::default().is_unknown());
}

#[test]
fn a_state_from_a_stranger_is_read_number_by_number() -> Outcome {
    use wengert::files::{Loader, State};
    let mut state = State::<f64>::of("mine");
    state.insert_number("share", 2.0);
    let mut loader = Loader::new("mine", state)?;
    loader.number_in("share", "be between 0 and 1", |x| (0.0..=1.0).contains(&x));
    let error = loader.finish().unwrap_err();
    assert!(error.to_string().contains("must be between 0 and 1"), "{error}");
    // An error of a line within a library becomes one of the line that called it.
    let here = std::panic::Location::caller();
    let moved = error.outside_of("tests/house/", here).to_string();
    assert!(moved.contains(&here.to_string()), "{moved}");
    let nothing = Sgd::new(Vec::<Param>::new(), 0.1).step().unwrap_err();
    let moved = nothing.outside_of("tests/house/", here).to_string();
    assert!(moved.contains(&here.to_string()), "{moved}");
    Ok(())
}

#[test]
fn an_error_of_a_file_has_parts() -> Outcome {
    use wengert::files::FileFault;
    let path = std::env::temp_dir().join(format!("wengert-small-{}", std::process::id()));
    std::fs::write(&path, [0; 4])?;
    let error = wengert::nn::load::<f32>(&path).unwrap_err();
    std::fs::remove_file(&path)?;
    let wengert::files::Error::File(fault) = error else { panic!("{error}") };
    let FileFault { file, at, .. } = *fault;
    assert_eq!(file.as_deref(), path.to_str());
    assert!(at.is_some_and(|at| at.file().ends_with("small_items.rs")));
    Ok(())
}

#[test]
fn a_checkpoint_restores_all_that_was_saved_in_it() -> Outcome {
    use wengert::train::Checkpoint;
    let model = Linear::new(2, 1, &mut Rng::new(0));
    let mut optimizer = Adam::new(model.parameters(), 0.1);
    let mut rng = Rng::new(5);
    let saved = Checkpoint::of(&model, &optimizer, 3).with("rng", &rng);
    let (before, drawn) = (model.state(), rng.clone());
    model.weight.set(Tensor::zeros([1, 2]));
    Tensor::rand([3], &mut rng);
    // What was saved and is not named is an error, and changes nothing.
    assert!(saved.restore_all(&model, &mut optimizer, &mut []).is_err());
    assert_eq!(model.weight.value(), Tensor::zeros([1, 2]));
    saved.restore_all(&model, &mut optimizer, &mut [("rng", &mut rng)])?;
    assert_eq!((model.state(), rng), (before, drawn));
    Ok(())
}
