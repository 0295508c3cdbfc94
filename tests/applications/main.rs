//! The programs of `examples` that are applications: each is taken in as it stands, and its work is run at a small size.

#![allow(dead_code, clippy::unwrap_used)]

#[path = "../../examples/anomaly.rs"]
mod anomaly;
#[path = "../../examples/detection.rs"]
mod detection;
#[path = "../../examples/medical_images.rs"]
mod medical_images;
#[path = "../../examples/multi_label.rs"]
mod multi_label;
#[path = "../../examples/multi_task.rs"]
mod multi_task;
#[path = "../../examples/noisy_labels.rs"]
mod noisy_labels;
#[path = "../../examples/recommendation.rs"]
mod recommendation;
#[path = "../../examples/robust.rs"]
mod robust;
#[path = "../../examples/sentiment.rs"]
mod sentiment;
#[path = "../../examples/share_price.rs"]
mod share_price;
#[path = "../../examples/speech.rs"]
mod speech;
#[path = "../../examples/transfer.rs"]
mod transfer;
#[path = "../../examples/translate.rs"]
mod translate;

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// A picture that is whole, and shows what it should.
fn shows(svg: &str, what: &[&str]) {
    assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"), "no whole picture");
    assert!(!svg.contains("NaN") && !svg.contains("inf\""), "a coordinate is no number");
    what.iter().for_each(|what| assert!(svg.contains(what), "{what} is not in the picture"));
}

#[test]
fn outliers_break_the_squared_error_and_lower_the_learned_shape() -> Outcome {
    let rows = robust::curve(2000, 0)?;
    let [clean, .., worst] = &rows[..] else { panic!("{rows:?}") };
    assert!(clean.errors.iter().all(|error| *error < 0.55), "{rows:?}");
    assert!(rows.windows(2).all(|w| w[1].errors[0] > w[0].errors[0]), "{rows:?}");
    let [mse, mae, huber, adaptive] = worst.errors;
    assert!(mse > 10.0 * huber && huber > mae && mae > adaptive && adaptive < 0.55, "{rows:?}");
    // At its lower end the shape falls no more.
    assert!(rows.windows(2).all(|w| w[1].alpha <= w[0].alpha + 0.01), "{rows:?}");
    assert!(clean.alpha > 1.0 && rows[1..].iter().all(|row| row.alpha < 0.1), "{rows:?}");
    shows(&robust::picture(&rows), &robust::LOSSES);
    Ok(())
}

#[test]
fn losses_that_forgive_wrong_labels_read_more_digits_and_find_the_labels() -> Outcome {
    let found = noisy_labels::run(40, 0)?;
    let [plain, smoothed, generalised] = found.accuracies;
    assert!(plain < smoothed && smoothed < generalised, "{:?}", found.accuracies);
    assert!(generalised > 0.95 && found.unmasked > 0.85, "{}", found.unmasked);
    shows(&found.picture, &["planted"]);
    Ok(())
}

#[test]
fn a_net_finds_several_shapes_at_once() -> Outcome {
    let found = multi_label::run(1200, 6, 0)?;
    let [blind, linear, cnn] = [found.blind, found.linear, found.cnn].map(|score| score.micro);
    assert!(cnn > linear + 0.05 && linear > blind, "{blind} {linear} {cnn}");
    let [blind, linear, cnn] = [found.blind, found.linear, found.cnn].map(|score| score.each);
    assert!(cnn > linear + 0.05 && cnn > blind + 0.1, "{blind} {linear} {cnn}");
    assert!(found.thresholds.iter().any(|threshold| *threshold != 0.0));
    shows(&found.picture, &["●", "missed"]);
    Ok(())
}

#[test]
fn weights_that_are_learned_teach_a_task_a_thousand_times_smaller() -> Outcome {
    let found = multi_task::run(4000, 0)?;
    let times = |way: usize, task: usize| found.together[way].0[task] / found.alone[task];
    let table = [0, 1, 2, 3].map(|way| [0, 1].map(|task| times(way, task)));
    // Uncertainty, and the norms of the gradients.
    assert!(table[1..3].iter().flatten().all(|times| *times < 2.0), "{table:?}");
    let course = &found.together[1].1;
    assert!(course.len() >= 50 && course.iter().all(|(_, _, cosine)| cosine.abs() <= 1.0));
    shows(&multi_task::picture(&found), &multi_task::WAYS);
    Ok(())
}

#[test]
fn what_was_learned_of_some_digits_serves_for_others() -> Outcome {
    let found = transfer::run(60, 0)?;
    let [nothing, strokes, all] = [0, 1, 2].map(|way| found[way][5]);
    // Strokes serve for other digits; the layer above them knows the digits that it has seen.
    assert!(strokes > nothing && nothing > all && strokes > 0.85, "{nothing} {strokes} {all}");
    shows(&transfer::picture(&found), &["from nothing", "strokes kept"]);
    Ok(())
}

#[test]
fn factors_recommend_better_than_popularity_and_popularity_than_chance() -> Outcome {
    let found = recommendation::run(300, 150, 30, 0)?;
    assert!(found.chance < 0.15 && found.popular > 2.0 * found.chance, "{found:?}");
    for ours in [found.yes_or_no, found.ranking] {
        assert!(ours > found.popular + 0.1, "{found:?}");
    }
    Ok(())
}

#[test]
fn words_are_weighed_better_by_a_net_than_by_counts() -> Outcome {
    let found = sentiment::run(1000, 20, 0)?;
    assert!(found.bag > found.bayes && found.bayes > found.votes, "{} {}", found.bag, found.bayes);
    // Of both languages, words pull to their side, and strong ones more.
    let pull = |word: &str| found.pulls.iter().find(|(w, _)| w == word).unwrap().1;
    for [best, fair, worst] in [["superb", "decent", "awful"], ["极好", "不错", "糟透"]] {
        assert!(pull(best) > pull(fair) && pull(fair) > pull(worst), "{:?}", found.pulls);
        assert!(pull(best) > 0.0 && pull(worst) < 0.0, "{:?}", found.pulls);
    }
    Ok(())
}

#[test]
fn a_weight_for_lesions_finds_more_at_a_half_and_spoils_the_calibration() -> Outcome {
    use wengert::data::metrics::calibration_error;

    let scores = medical_images::run(3000, 8, 0)?;
    let [brightest, plain, weighted, again] = &scores[..] else { panic!("{scores:?}") };
    for net in [plain, weighted] {
        assert!(net.auroc > brightest.auroc + 0.02 && net.auroc > 0.85, "{scores:?}");
        assert!((0.9..=1.0).contains(&net.cleared), "{scores:?}");
    }
    assert!(weighted.at_half > plain.at_half, "{scores:?}");
    let [plain, weighted, again] = [plain, weighted, again].map(|s| calibration_error(&s.bins));
    assert!(plain < 0.05 && weighted > 2.0 * plain && again < weighted, "{scores:?}");
    shows(&medical_images::picture(&scores), &["pos_weight"]);
    Ok(())
}

#[test]
fn boxes_are_found_better_than_by_their_mean() -> Outcome {
    let found = detection::run(1600, 8, 0)?;
    assert!(found.kinds > found.commonest + 0.2, "{} {}", found.kinds, found.commonest);
    assert!(found.overlap > 0.5 && found.overlap > found.mean_box + 0.2, "{}", found.overlap);
    shows(&found.picture, &["blue the true ones", "stroke=\"#d55e00\""]);
    Ok(())
}

#[test]
fn faults_that_nobody_has_seen_are_found() -> Outcome {
    let found = anomaly::run(1500, 25, 0)?;
    assert!(found.autoencoder.auroc > 0.9, "{:?}", found.autoencoder);
    assert!(found.autoencoder.auroc > found.loudness.auroc + 0.2, "{:?}", found.loudness);
    assert!(found.one_class.auroc > found.loudness.auroc, "{:?}", found.one_class);
    assert!(found.autoencoder.false_alarms < 0.05 && found.autoencoder.found > 0.5);
    assert!(found.worst > 0.9, "{}", found.worst);
    shows(&found.picture, &["a fault"]);
    Ok(())
}

#[test]
fn nobody_beats_a_random_walk_and_no_forecast_sees_the_future() -> Outcome {
    use share_price::WIDTH;
    use wengert::data::synth;

    let walk = share_price::run(&synth::momentum(4000, 0.0, 0), 12, 0)?;
    walk.iter().for_each(|score| assert!(!score.wins, "{} {}", score.name, score.mse));
    let series = synth::momentum(4000, 0.5, 0);
    let trend = share_price::run(&series, 12, 0)?;
    trend.iter().for_each(|score| assert!(score.wins, "{} {}", score.name, score.mse));
    // The future is changed: what was said before it stays, bit for bit, and what comes after it does not.
    let series = &share_price::split(&series)?.1;
    let mut changed = series.contiguous();
    let from = series.len() / 2;
    changed.as_mut_slice()[from..].iter_mut().for_each(|price| *price += 100.0);
    for share_price::Score { forecast, .. } in &trend {
        let (before, after) = (forecast.predict(series)?, forecast.predict(&changed)?);
        // Element i is for value WIDTH + 1 + i.
        let known = from - WIDTH;
        assert_eq!(before.narrow(0, 0, known)?, after.narrow(0, 0, known)?);
        assert_ne!(before.select(0, known)?, after.select(0, known)?);
    }
    Ok(())
}

#[test]
fn numbers_are_translated_digit_by_digit() -> Outcome {
    let found = translate::run(1500, 8, 0)?;
    let ([alone, attending], [_, perplexity]) = (found.exact, found.perplexity);
    assert!(attending > alone && attending > 0.8, "{alone} {attending}");
    assert!(perplexity < 1.2, "{perplexity}");
    shows(&found.picture, &["Where it looks", "end"]);
    Ok(())
}

#[test]
fn tones_are_read_without_knowing_where_they_begin() -> Outcome {
    let found = speech::run(800, 12, 0)?;
    let ([nearest, greedy, beam], [heard, painted]) = (found.rates, found.errors);
    assert!(greedy < 0.4 && greedy < nearest / 2.0, "{nearest} {greedy}");
    assert!(beam <= greedy + 0.01, "{beam} {greedy}");
    assert!(painted < heard / 2.0, "{heard} {painted}");
    shows(&found.picture, &["heard", "read"]);
    Ok(())
}
