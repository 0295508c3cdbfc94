//! Writes the files that each target begins with into `corpus/<target>`, where libFuzzer looks for them:
//! `cargo run --example seeds` in this folder.

use std::path::Path;

fn main() -> std::io::Result<()> {
    for name in wengert_fuzz::names() {
        let target = name.replace(['.', '-'], "_");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(&target);
        std::fs::create_dir_all(&folder)?;
        let seeds = wengert_fuzz::seeds(name);
        for (i, bytes) in seeds.iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{i}")), bytes)?;
        }
        println!("{target}: {} files", seeds.len());
    }
    Ok(())
}
