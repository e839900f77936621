//! Tiny Linux programs as ELF files, written without compiler or assembler.
//!
//! Each program prints one line, `hello from ` and its platform, and exits with status 0: enough to prove
//! that a container engine picked the image it should have picked, and small enough to be read byte by
//! byte. A program is one segment, mapped readable and executable at `0x400000`:
//!
//! ```text
//! 0x000  ELF header, program header
//! 0x080  code: write(1, 0x400100, length); exit(0)
//! 0x100  text: "hello from linux/arm64\n"
//! ```
//!
//! As the text is always at the same address, code for a new architecture is a short constant sequence in
//! which only the length of the text varies. It uses nothing beyond the baseline of its architecture, so
//! that the variant of a platform changes what the program says and not what it needs.

mod code;

use crate::platform::Platform;

/// Where the file is mapped. A multiple of 64 KiB, the largest page size of these architectures.
const BASE: u64 = 0x40_0000;
/// Where the code starts in the file: past the headers of either class.
const CODE: usize = 0x80;
/// Where the text starts in the file. Every instruction sequence knows this address.
const TEXT: usize = 0x100;

/// The platforms that tests, examples and interoperability runs use, each with a program.
///
/// [`program`] knows other variants of these architectures as well.
pub const PLATFORMS: [&str; 10] = [
    "linux/386",
    "linux/amd64",
    "linux/arm/v6",
    "linux/arm/v7",
    "linux/arm64",
    "linux/loong64",
    "linux/mips64le",
    "linux/ppc64le",
    "linux/riscv64",
    "linux/s390x",
];

/// What the program of a platform prints, line feed included.
pub fn greeting(platform: &str) -> String {
    format!("hello from {platform}\n")
}

/// The executable that prints [`greeting`] on `platform`, which is `linux/ARCHITECTURE[/VARIANT]`.
///
/// There is none for other systems, for architectures not in [`PLATFORMS`], and for a variant so long that
/// the greeting exceeds 255 bytes, the most that one ARM instruction can count.
///
/// ```
/// let program = umbel_testkit::elf::program("linux/riscv64").unwrap();
/// assert!(program.starts_with(b"\x7fELF"));
/// assert!(program.ends_with(b"hello from linux/riscv64\n"));
/// assert_eq!(umbel_testkit::elf::program("windows/amd64"), None);
/// ```
pub fn program(platform: &str) -> Option<Vec<u8>> {
    let Platform { os, architecture, .. } = Platform::parse(platform)?;
    let machine = MACHINES.iter().find(|machine| os == "linux" && machine.architecture == architecture)?;
    let text = greeting(platform);
    let code = (machine.code)(u8::try_from(text.len()).ok()?);
    let mut file = machine.headers(TEXT + text.len());
    append_at(&mut file, CODE, &code);
    append_at(&mut file, TEXT, text.as_bytes());
    Some(file)
}

/// Pads the file with zeros up to `offset` and goes on with `part`.
fn append_at(file: &mut Vec<u8>, offset: usize, part: &[u8]) {
    assert!(file.len() <= offset, "BUG: what comes before {offset:#x} is too long");
    file.resize(offset, 0);
    file.extend(part);
}

/// What tells the program of one architecture from that of another.
struct Machine {
    /// As Go and OCI name it.
    architecture: &'static str,
    /// `e_machine`.
    number: u16,
    class: Class,
    order: Order,
    /// `e_flags`.
    flags: u32,
    /// Writes the instructions that print a text of this many bytes.
    code: fn(u8) -> Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Bits32 = 1,
    Bits64 = 2,
}

#[derive(Clone, Copy)]
enum Order {
    Little = 1,
    Big = 2,
}

use Class::{Bits32, Bits64};
use Order::{Big, Little};

const ARM_EABI5: u32 = 0x0500_0000;
const LOONGARCH_SOFT_FLOAT_OBJECT_V1: u32 = 0x41;
const MIPS_ARCH_64: u32 = 0x6000_0000;
/// Entry points are addresses of code and not of function descriptors.
const PPC64_ELF_V2: u32 = 2;

#[rustfmt::skip] // a table reads best as one
const MACHINES: [Machine; 9] = [
    Machine { architecture: "386", number: 3, class: Bits32, order: Little, flags: 0, code: code::i386 },
    Machine { architecture: "amd64", number: 62, class: Bits64, order: Little, flags: 0, code: code::amd64 },
    Machine { architecture: "arm", number: 40, class: Bits32, order: Little, flags: ARM_EABI5, code: code::arm },
    Machine { architecture: "arm64", number: 183, class: Bits64, order: Little, flags: 0, code: code::arm64 },
    Machine { architecture: "loong64", number: 258, class: Bits64, order: Little,
              flags: LOONGARCH_SOFT_FLOAT_OBJECT_V1, code: code::loong64 },
    Machine { architecture: "mips64le", number: 8, class: Bits64, order: Little,
              flags: MIPS_ARCH_64, code: code::mips64le },
    Machine { architecture: "ppc64le", number: 21, class: Bits64, order: Little,
              flags: PPC64_ELF_V2, code: code::ppc64le },
    Machine { architecture: "riscv64", number: 243, class: Bits64, order: Little, flags: 0, code: code::riscv64 },
    Machine { architecture: "s390x", number: 22, class: Bits64, order: Big, flags: 0, code: code::s390x },
];

impl Machine {
    /// The ELF header and the one program header of a file of `size` bytes, without padding.
    fn headers(&self, size: usize) -> Vec<u8> {
        let (elf_header, program_header) = match self.class {
            Bits32 => (52, 32),
            Bits64 => (64, 56),
        };
        let mut out = Fields { machine: self, bytes: b"\x7fELF".to_vec() };
        out.bytes.extend([self.class as u8, self.order as u8, 1]); // EI_CLASS, EI_DATA, EI_VERSION
        out.bytes.resize(16, 0); // no particular ABI
        out.half(2); // e_type: ET_EXEC
        out.half(self.number); // e_machine
        out.word(1); // e_version
        out.address(BASE + CODE as u64); // e_entry
        out.address(elf_header.into()); // e_phoff: right behind this header
        out.address(0); // e_shoff: no sections
        out.word(self.flags); // e_flags
        out.half(elf_header); // e_ehsize
        out.half(program_header); // e_phentsize
        out.half(1); // e_phnum
        out.half(0); // e_shentsize
        out.half(0); // e_shnum
        out.half(0); // e_shstrndx
        out.segment(size as u64);
        out.bytes
    }
}

/// Header fields in the class and byte order of a machine.
struct Fields<'a> {
    machine: &'a Machine,
    bytes: Vec<u8>,
}

impl Fields<'_> {
    /// The program header that maps the whole file.
    fn segment(&mut self, size: u64) {
        let flags = 5; // PF_R | PF_X
        self.word(1); // p_type: PT_LOAD
        if self.machine.class == Bits64 {
            self.word(flags); // p_flags, early to keep the addresses aligned
        }
        self.address(0); // p_offset
        self.address(BASE); // p_vaddr
        self.address(BASE); // p_paddr
        self.address(size); // p_filesz
        self.address(size); // p_memsz
        if self.machine.class == Bits32 {
            self.word(flags); // p_flags
        }
        self.address(0x1_0000); // p_align: 64 KiB, see BASE
    }

    fn half(&mut self, value: u16) {
        self.put(value.into(), 2);
    }

    fn word(&mut self, value: u32) {
        self.put(value.into(), 4);
    }

    fn address(&mut self, value: u64) {
        match self.machine.class {
            Bits32 => self.put(value, 4),
            Bits64 => self.put(value, 8),
        }
    }

    /// Writes the low `width` bytes of `value`.
    fn put(&mut self, value: u64, width: usize) {
        match self.machine.order {
            Little => self.bytes.extend(&value.to_le_bytes()[..width]),
            Big => self.bytes.extend(&value.to_be_bytes()[8 - width..]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_platform_has_a_program_that_ends_in_its_greeting() {
        for platform in PLATFORMS {
            let program = program(platform).unwrap_or_else(|| panic!("{platform}"));
            assert_eq!(&program[TEXT..], greeting(platform).as_bytes(), "{platform}");
        }
    }

    #[test]
    fn unknown_platforms_have_no_program() {
        let long = format!("linux/arm/{}", "v".repeat(250));
        for platform in ["windows/amd64", "linux/sparc64", "linux", "", "linux/arm/", "linux/arm/v7/x", &long]
        {
            assert_eq!(program(platform), None, "{platform}");
        }
    }

    #[test]
    fn variant_changes_only_the_text_and_its_length() {
        let (plain, variant) = (program("linux/amd64").unwrap(), program("linux/amd64/v3").unwrap());
        assert!(variant.ends_with(b"hello from linux/amd64/v3\n"));
        assert_eq!(plain.len() + 3, variant.len());
    }

    #[test]
    fn header_of_a_64_bit_program_has_every_field_in_place() {
        let program = program("linux/ppc64le").unwrap();
        let size = u8::try_from("hello from linux/ppc64le\n".len()).unwrap();
        #[rustfmt::skip]
        let expected: [u8; 120] = [
            0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            2, 0, 21, 0, 1, 0, 0, 0,                    // type, machine, version
            0x80, 0, 0x40, 0, 0, 0, 0, 0,               // entry
            64, 0, 0, 0, 0, 0, 0, 0,                    // program headers
            0, 0, 0, 0, 0, 0, 0, 0,                     // section headers
            2, 0, 0, 0, 64, 0, 56, 0, 1, 0, 0, 0, 0, 0, 0, 0, // flags and counts
            1, 0, 0, 0, 5, 0, 0, 0,                     // PT_LOAD, R+X
            0, 0, 0, 0, 0, 0, 0, 0,                     // offset
            0, 0, 0x40, 0, 0, 0, 0, 0,                  // virtual address
            0, 0, 0x40, 0, 0, 0, 0, 0,                  // physical address
            size, 1, 0, 0, 0, 0, 0, 0,                  // size in the file
            size, 1, 0, 0, 0, 0, 0, 0,                  // size in memory
            0, 0, 1, 0, 0, 0, 0, 0,                     // alignment
        ];
        assert_eq!(program[..120], expected);
    }

    #[test]
    fn header_of_a_32_bit_program_has_every_field_in_place() {
        let program = program("linux/arm/v7").unwrap();
        let size = u8::try_from("hello from linux/arm/v7\n".len()).unwrap();
        #[rustfmt::skip]
        let expected: [u8; 84] = [
            0x7f, b'E', b'L', b'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            2, 0, 40, 0, 1, 0, 0, 0,                    // type, machine, version
            0x80, 0, 0x40, 0,                           // entry
            52, 0, 0, 0,                                // program headers
            0, 0, 0, 0,                                 // section headers
            0, 0, 0, 5, 52, 0, 32, 0, 1, 0, 0, 0, 0, 0, 0, 0, // flags (EABI 5) and counts
            1, 0, 0, 0,                                 // PT_LOAD
            0, 0, 0, 0,                                 // offset
            0, 0, 0x40, 0,                              // virtual address
            0, 0, 0x40, 0,                              // physical address
            size, 1, 0, 0,                              // size in the file
            size, 1, 0, 0,                              // size in memory
            5, 0, 0, 0,                                 // R+X
            0, 0, 1, 0,                                 // alignment
        ];
        assert_eq!(program[..84], expected);
    }

    #[test]
    fn big_endian_header_is_written_big_endian() {
        let program = program("linux/s390x").unwrap();
        assert_eq!(program[5], 2);
        assert_eq!(program[16..32], [0, 2, 0, 22, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0x40, 0, 0x80]);
    }
}
