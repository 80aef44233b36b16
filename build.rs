//! Tells the program which compiler built it, for `fabricsim bench`.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let compiler = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let version = Command::new(compiler).arg("--version").output();
    if let Ok(text) = version.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        && !text.is_empty()
    {
        println!("cargo:rustc-env=FABRICSIM_COMPILER={text}");
    }
}
