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
