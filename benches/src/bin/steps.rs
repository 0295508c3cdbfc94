//! Microseconds a training step of the workloads, and of single ops, as a JSON line each:
//! `steps tiny mnist`, `steps` for all, `steps ops`, `steps ops:tanh,exp`.
//!
//! `THREADS` (2), `PEERS_DATA` (drawn if unset), `WINDOWS` (7) of `WINDOW_S` (0.5) seconds.
#![allow(clippy::print_stdout)]

use wengert_benches::workload::{ALL, Failure, Spec};
use wengert_benches::{clock, machine, ops, train};

fn main() -> Result<(), Failure> {
    machine::set_up();
    let mut asked: Vec<String> = std::env::args().skip(1).collect();
    if asked.is_empty() {
        asked = ALL.iter().map(|s| s.name.to_string()).collect();
    }
    for name in &asked {
        match name.strip_prefix("ops") {
            Some(which) => op_lines(which.trim_start_matches(':'))?,
            None => line(Spec::named(name).ok_or_else(|| format!("no workload `{name}`"))?)?,
        }
    }
    Ok(())
}

fn line(spec: Spec) -> Result<(), Failure> {
    let workload = spec.load()?;
    let mut step = train::trainer(&workload)?;
    // The loss with the weights after 20 steps, which the next one reads.
    let losses = (0..21).map(|_| step()).collect::<Result<Vec<f32>, _>>()?;
    drop(step);
    let t = clock::time(|| train::trainer(&workload))?;
    println!(
        "{{\"peer\":\"wengert\",\"workload\":\"{}\",\"threads\":{},\"instructions\":\"{}\",\"us_per_step\":{:.3},\"us_best\":{:.3},\
         \"us_floor\":{:.3},\"cpu_us\":{:.3},\"others_cores\":{:.2},\"loss20\":{:.7},\"loss_first\":{:.7},\
         \"gflops_best\":{:.1},\"peak_rss_mb\":{:.1}}}",
        spec.name,
        clock::threads(),
        machine::instructions(),
        t.median,
        t.best,
        t.floor,
        t.cpu,
        t.others,
        losses[20],
        losses[0],
        spec.flops() / t.best / 1e3,
        clock::peak_rss_mb(),
    );
    Ok(())
}

fn op_lines(which: &str) -> Result<(), Failure> {
    for bench in ops::all()? {
        if !which.is_empty() && !which.split(',').any(|name| name == bench.name) {
            continue;
        }
        let forward = clock::time(|| Ok(&bench.forward))?;
        let both = match &bench.both {
            Some(both) => Some(clock::time(|| Ok(both))?),
            None => None,
        };
        let of = |f: fn(clock::Times) -> f64| {
            both.map_or("null".to_string(), |t| format!("{:.3}", f(t)))
        };
        println!(
            "{{\"peer\":\"wengert\",\"op\":\"{}\",\"threads\":{},\"instructions\":\"{}\",\"fwd_us\":{:.3},\"fwd_us_best\":{:.3},\
             \"fwd_us_floor\":{:.3},\"fwd_cpu_us\":{:.3},\"fwdbwd_us\":{},\"fwdbwd_us_best\":{},\
             \"fwdbwd_us_floor\":{},\"fwdbwd_cpu_us\":{},\"others_cores\":{:.2}}}",
            bench.name,
            clock::threads(),
            machine::instructions(),
            forward.median,
            forward.best,
            forward.floor,
            forward.cpu,
            of(|t| t.median),
            of(|t| t.best),
            of(|t| t.floor),
            of(|t| t.cpu),
            forward.others,
        );
    }
    Ok(())
}
