//! Makes something to try umbel on: small real images for seven platforms, without network or compiler.
//!
//! ```text
//! cargo run -p umbel --example hello_images -- hello
//! ```
//!
//! writes the OCI layout `hello`, in which each platform's image has a name: `386`, `amd64`, `arm64`,
//! `armv7`, `ppc64le`, `riscv64`, `s390x`. An image holds nothing but `/hello`, a program of some 300 bytes
//! that prints its platform, so that a container shows which image the engine picked:
//!
//! ```text
//! hello from linux/arm64
//! ```
//!
//! The same images come out every time, byte for byte. With
//!
//! ```text
//! cargo run -p umbel --example hello_images -- --programs bin
//! ```
//!
//! the bare programs are written instead (`bin/hello-amd64` and so on), for a few more platforms; run those
//! of other machines with qemu's user emulation, for example `qemu-aarch64 bin/hello-arm64`.

use std::error::Error;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use umbel_testkit::{Layout, elf, image};

/// The platforms of the images, by the names their images have.
const IMAGES: [(&str, &str); 7] = [
    ("386", "linux/386"),
    ("amd64", "linux/amd64"),
    ("arm64", "linux/arm64"),
    ("armv7", "linux/arm/v7"),
    ("ppc64le", "linux/ppc64le"),
    ("riscv64", "linux/riscv64"),
    ("s390x", "linux/s390x"),
];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--programs", directory] => write_programs(Path::new(directory)),
        [directory] if !directory.starts_with('-') => write_images(Path::new(directory)),
        _ => Err("usage: hello_images OUTDIR | hello_images --programs DIR".into()),
    }
}

/// Writes one layout that holds every image under its name.
fn write_images(directory: &Path) -> Result<(), Box<dyn Error>> {
    if directory.exists() && fs::read_dir(directory)?.next().is_some() {
        return Err(format!("`{}` is not empty", directory.display()).into());
    }
    fs::create_dir_all(directory)?;
    let mut layout = Layout::create(directory);
    for (name, platform) in IMAGES {
        layout.add_image(&image(platform).build(), Some(name));
    }
    Ok(())
}

/// Writes every program there is as `hello-ARCHITECTURE[VARIANT]`, ready to be run.
fn write_programs(directory: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(directory)?;
    for platform in elf::PLATFORMS {
        let name = platform.trim_start_matches("linux/").replace('/', "");
        let path = directory.join(format!("hello-{name}"));
        let program = elf::program(platform).ok_or_else(|| format!("no program for `{platform}`"))?;
        fs::write(&path, program)?;
        fs::set_permissions(&path, Permissions::from_mode(0o755))?;
    }
    Ok(())
}
