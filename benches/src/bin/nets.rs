//! Microseconds a training step of the nets beyond the MLP, as a JSON line each: `nets lenet gru`, `nets` for all.
//!
//! `NETS_DATA` (drawn if unset), `THREADS` (2), `WINDOWS` (7) of `WINDOW_S` (0.5) seconds. With data from files it exits with an
//! error if a loss after 20 steps is not the known one. `LOSS_ONLY=1` takes 21 steps and no time.
#![allow(clippy::print_stdout)]

use wengert_benches::nets::{ALL, Data, Net};
use wengert_benches::workload::Failure;
use wengert_benches::{clock, machine};

fn main() -> Result<(), Failure> {
    machine::set_up();
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
    let data = Data::of(net.name)?;
    let mut step = (net.start)(&data)?;
    // The loss with the weights after 20 steps, which the next one reads.
    let losses = (0..21).map(|_| step()).collect::<Result<Vec<f32>, _>>()?;
    drop(step);
    let known = net.loss20.unwrap_or(f64::NAN);
    let off = (f64::from(losses[20]) - known).abs() / known;
    if data.is_read() && net.loss20.is_some() && off > net.tolerance() {
        let (name, found) = (net.name, losses[20]);
        return Err(format!("{name}: the loss after 20 steps is {found}, not {known}").into());
    }
    if std::env::var_os("LOSS_ONLY").is_some() {
        println!("{} {:.8} {:.8} off by {off:.1e}", net.name, losses[0], losses[20]);
        return Ok(());
    }
    let t = clock::time(|| (net.start)(&data))?;
    println!(
        "{{\"peer\":\"wengert\",\"workload\":\"{}\",\"threads\":{},\"instructions\":\"{}\",\"us_per_step\":{:.3},\"us_best\":{:.3},\
         \"us_floor\":{:.3},\"cpu_us\":{:.3},\"others_cores\":{:.2},\"loss20\":{:.7},\"loss_first\":{:.7},\
         \"gflops_best\":{:.1},\"peak_rss_mb\":{:.1}}}",
        net.name,
        clock::threads(),
        machine::instructions(),
        t.median,
        t.best,
        t.floor,
        t.cpu,
        t.others,
        losses[20],
        losses[0],
        net.mflop / t.best * 1e3,
        clock::peak_rss_mb(),
    );
    Ok(())
}
