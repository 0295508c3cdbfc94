//! Microseconds a training step of the nets beyond the MLP, as a JSON line each: `nets lenet mnistcnn`, `nets` for all.
//!
//! `NETS_DATA` (drawn if unset), `THREADS` (2), `WINDOWS` (7) of `WINDOW_S` (0.5) seconds. With data from files it exits with an
//! error if a loss after 20 steps is not the known one.
#![allow(clippy::print_stdout)]

use wengert::tensor::kernel::pool;
use wengert_benches::clock;
use wengert_benches::nets::{ALL, Net};
use wengert_benches::workload::Failure;

fn main() -> Result<(), Failure> {
    pool::set_threads(clock::threads());
    let mut asked: Vec<String> = std::env::args().skip(1).collect();
    if asked.is_empty() {
        asked = ALL.iter().map(|net| net.name.to_string()).collect();
    }
    for name in &asked {
        line(Net::named(name).ok_or_else(|| format!("no net `{name}`"))?)?;
    }
    Ok(())
}

fn line(net: Net) -> Result<(), Failure> {
    let (data, read) = net.data()?;
    let mut step = (net.make)(&data)?;
    // The loss with the weights after 20 steps, which the next one reads.
    let losses = (0..21).map(|_| step()).collect::<Result<Vec<f32>, _>>()?;
    drop(step);
    let off = (f64::from(losses[20]) - net.loss20).abs() / net.loss20;
    let t = clock::time(|| (net.make)(&data))?;
    println!(
        "{{\"peer\":\"wengert\",\"workload\":\"{}\",\"threads\":{},\"us_per_step\":{:.3},\"us_best\":{:.3},\
         \"us_floor\":{:.3},\"cpu_us\":{:.3},\"others_cores\":{:.2},\"loss20\":{:.7},\"loss20_off\":{off:.1e},\
         \"gflops_best\":{:.1},\"peak_rss_mb\":{:.1}}}",
        net.name,
        clock::threads(),
        t.median,
        t.best,
        t.floor,
        t.cpu,
        t.others,
        losses[20],
        net.flops / t.floor / 1e3,
        clock::peak_rss_mb(),
    );
    if read && off > net.tolerance {
        return Err(format!(
            "{}: the loss after 20 steps is {}, not {}",
            net.name, losses[20], net.loss20
        )
        .into());
    }
    Ok(())
}
