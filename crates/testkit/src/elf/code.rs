//! The machine code of the programs, one function per architecture.
//!
//! All say `write(1, 0x400100, length)` and then `exit(0)`; the comments are the assembler text. Only the
//! numbers of the system calls and the registers differ: they are in `syscall(2)` of the Linux manual.

/// Intel 80386: number in `eax`, arguments in `ebx`, `ecx`, `edx`.
pub(super) fn i386(length: u8) -> Vec<u8> {
    joined(&[
        &[0xbb, 1, 0, 0, 0],       // mov ebx, 1
        &[0xb9, 0, 0x01, 0x40, 0], // mov ecx, 0x400100
        &[0xba, length, 0, 0, 0],  // mov edx, length
        &[0xb8, 4, 0, 0, 0],       // mov eax, 4 (write)
        &[0xcd, 0x80],             // int 0x80
        &[0x31, 0xdb],             // xor ebx, ebx
        &[0xb8, 1, 0, 0, 0],       // mov eax, 1 (exit)
        &[0xcd, 0x80],             // int 0x80
    ])
}

/// x86-64: number in `rax`, arguments in `rdi`, `rsi`, `rdx`.
pub(super) fn amd64(length: u8) -> Vec<u8> {
    joined(&[
        &[0xbf, 1, 0, 0, 0],       // mov edi, 1
        &[0xbe, 0, 0x01, 0x40, 0], // mov esi, 0x400100
        &[0xba, length, 0, 0, 0],  // mov edx, length
        &[0xb8, 1, 0, 0, 0],       // mov eax, 1 (write)
        &[0x0f, 0x05],             // syscall
        &[0x31, 0xff],             // xor edi, edi
        &[0xb8, 60, 0, 0, 0],      // mov eax, 60 (exit)
        &[0x0f, 0x05],             // syscall
    ])
}

/// ARM, the A32 instructions that `ARMv4` had already; EABI: number in `r7`, arguments from `r0`.
pub(super) fn arm(length: u8) -> Vec<u8> {
    little(&[
        0xe3a0_0001,                     // mov r0, #1
        0xe3a0_1501,                     // mov r1, #0x400000
        0xe381_1c01,                     // orr r1, r1, #0x100
        0xe3a0_2000 | u32::from(length), // mov r2, #length
        0xe3a0_7004,                     // mov r7, #4 (write)
        0xef00_0000,                     // svc #0
        0xe3a0_0000,                     // mov r0, #0
        0xe3a0_7001,                     // mov r7, #1 (exit)
        0xef00_0000,                     // svc #0
    ])
}

/// ARM 64-bit: number in `x8`, arguments from `x0`.
pub(super) fn arm64(length: u8) -> Vec<u8> {
    little(&[
        0xd280_0020,                          // movz x0, #1
        0xd2a0_0801,                          // movz x1, #0x40, lsl #16
        0xf280_2001,                          // movk x1, #0x100
        0xd280_0002 | u32::from(length) << 5, // movz x2, #length
        0xd280_0808,                          // movz x8, #64 (write)
        0xd400_0001,                          // svc #0
        0xd280_0000,                          // movz x0, #0
        0xd280_0ba8,                          // movz x8, #93 (exit)
        0xd400_0001,                          // svc #0
    ])
}

/// `LoongArch` 64-bit: number in `a7`, arguments from `a0`.
pub(super) fn loong64(length: u8) -> Vec<u8> {
    little(&[
        0x0380_0404,                           // ori $a0, $zero, 1
        0x1400_8005,                           // lu12i.w $a1, 0x400
        0x0384_00a5,                           // ori $a1, $a1, 0x100
        0x0380_0006 | u32::from(length) << 10, // ori $a2, $zero, length
        0x0381_000b,                           // ori $a7, $zero, 64 (write)
        0x002b_0000,                           // syscall 0
        0x0380_0004,                           // ori $a0, $zero, 0
        0x0381_740b,                           // ori $a7, $zero, 93 (exit)
        0x002b_0000,                           // syscall 0
    ])
}

/// MIPS III, n64 system calls: number in `v0`, arguments from `a0`.
pub(super) fn mips64le(length: u8) -> Vec<u8> {
    little(&[
        0x6404_0001,                     // daddiu $a0, $zero, 1
        0x3c05_0040,                     // lui $a1, 0x40
        0x34a5_0100,                     // ori $a1, $a1, 0x100
        0x6406_0000 | u32::from(length), // daddiu $a2, $zero, length
        0x6402_1389,                     // daddiu $v0, $zero, 5001 (write)
        0x0000_000c,                     // syscall
        0x6404_0000,                     // daddiu $a0, $zero, 0
        0x6402_13c2,                     // daddiu $v0, $zero, 5058 (exit)
        0x0000_000c,                     // syscall
    ])
}

/// POWER 64-bit: number in `r0`, arguments from `r3`.
pub(super) fn ppc64le(length: u8) -> Vec<u8> {
    little(&[
        0x3860_0001,                     // li r3, 1
        0x3c80_0040,                     // lis r4, 0x40
        0x6084_0100,                     // ori r4, r4, 0x100
        0x38a0_0000 | u32::from(length), // li r5, length
        0x3800_0004,                     // li r0, 4 (write)
        0x4400_0002,                     // sc
        0x3860_0000,                     // li r3, 0
        0x3800_0001,                     // li r0, 1 (exit)
        0x4400_0002,                     // sc
    ])
}

/// RISC-V 64-bit, base integer instructions alone: number in `a7`, arguments from `a0`.
pub(super) fn riscv64(length: u8) -> Vec<u8> {
    little(&[
        0x0010_0513,                           // addi a0, zero, 1
        0x0040_05b7,                           // lui a1, 0x400
        0x1005_8593,                           // addi a1, a1, 0x100
        0x0000_0613 | u32::from(length) << 20, // addi a2, zero, length
        0x0400_0893,                           // addi a7, zero, 64 (write)
        0x0000_0073,                           // ecall
        0x0000_0513,                           // addi a0, zero, 0
        0x05d0_0893,                           // addi a7, zero, 93 (exit)
        0x0000_0073,                           // ecall
    ])
}

/// IBM Z 64-bit, big-endian: number in the `svc` instruction, arguments from `r2`.
pub(super) fn s390x(length: u8) -> Vec<u8> {
    joined(&[
        &[0xa7, 0x29, 0, 1],             // lghi %r2, 1
        &[0xc0, 0x31, 0, 0x40, 0x01, 0], // lgfi %r3, 0x400100
        &[0xa7, 0x49, 0, length],        // lghi %r4, length
        &[0x0a, 4],                      // svc 4 (write)
        &[0xa7, 0x29, 0, 0],             // lghi %r2, 0
        &[0x0a, 1],                      // svc 1 (exit)
    ])
}

/// Instructions of different lengths, each given as its bytes.
fn joined(instructions: &[&[u8]]) -> Vec<u8> {
    instructions.concat()
}

/// Instructions of four bytes each, in little-endian order.
fn little(instructions: &[u32]) -> Vec<u8> {
    instructions.iter().flat_map(|instruction| instruction.to_le_bytes()).collect()
}
