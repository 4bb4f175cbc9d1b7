// The monitor: all of EL3, and a trampoline at EL2, of QEMU's "virt" machine. docs/qemu.md has the wire format.
//
// Every SMC, HVC and unexpected exception becomes a frame in the CPU's mailbox, and a byte on the secure UART tells the
// outside. The CPU then waits for an answer in its mailbox: commands to carry out, registers to go on with, or an order
// to sleep. A byte from the outside on the same UART, or SGI 15 from another CPU, takes a running guest into the monitor.

// What the outside writes into the image before QEMU loads it.
	.equ	PARAMETERS, 0x10		// base of the shared area, a multiple of 2 MiB

// The shared area.
	.equ	AREA_MAILBOXES, 0x10000		// one page a CPU; EL2's vectors lie at 0

// QEMU's virt machine.
	.equ	GICD, 0x08000000
	.equ	GICR, 0x080a0000		// 128 KiB a CPU
	.equ	UART, 0x09040000		// the secure PL011, SPI 8
	.equ	UART_INTID, 40
	.equ	GPIO, 0x090b0000		// the secure PL061; pin 1 resets the machine
	.equ	KICK, 15			// the SGI that takes a CPU into the monitor

// A mailbox: state, frame, answer, commands.
	.equ	STATE, 0x00			// 32 bits
	.equ	EVENT, 0x08
	.equ	ESR, 0x10
	.equ	FAR, 0x18
	.equ	HPFAR, 0x20
	.equ	MPIDR, 0x28
	.equ	ENTERED, 0x30			// CNTVCT_EL0 when the monitor was entered, and when it was last left
	.equ	LEFT, 0x38
	.equ	INTID, 0x40
	.equ	SCTLR_EL1, 0x48
	.equ	TCR_EL1, 0x50
	.equ	TTBR0_EL1, 0x58
	.equ	TTBR1_EL1, 0x60
	.equ	VBAR_EL1, 0x68
	.equ	ESR_EL1, 0x70
	.equ	FAR_EL1, 0x78
	.equ	ELR_EL1, 0x80
	.equ	SPSR_EL1, 0x88
	.equ	SP_EL0, 0x90
	.equ	SP_EL1, 0x98
	.equ	SCTLR_EL2, 0xa0
	.equ	TCR_EL2, 0xa8
	.equ	TTBR0_EL2, 0xb0
	.equ	VBAR_EL2, 0xb8
	.equ	DACR, 0xc0			// these four only in frames of AArch32 callers
	.equ	IFSR, 0xc8
	.equ	SPSR_UND, 0xd0
	.equ	SPSR_ABT, 0xd8
	.equ	ISR, 0xe0			// ISR_EL1: whether an interrupt is pending
	.equ	REGISTERS, 0x100		// X0 to X30
	.equ	SP, 0x1f8
	.equ	PC, 0x200
	.equ	PSTATE, 0x208
	.equ	FLAGS, 0x210
	.equ	COUNT, 0x218
	.equ	HCR, 0x220
	.equ	START_SCTLR_EL1, 0x228
	.equ	START_SCTLR_EL2, 0x230
	.equ	VTTBR, 0x238
	.equ	VTCR, 0x240
	.equ	COMMANDS, 0x280			// 32 bytes each: operation and width, address, value, result

	.equ	STATE_RUNS, 0
	.equ	STATE_WAITS, 1			// for the outside
	.equ	STATE_RESUME, 2
	.equ	STATE_COMMANDS, 3
	.equ	STATE_SLEEP, 4
	.equ	STATE_RESET, 5

	.equ	RING_RESET, 0x80		// a ring of no CPU's: what rang before is void

	.equ	FLAG_RESTART, 0			// bit numbers
	.equ	FLAG_EXCEPTION, 1
	.equ	FLAG_OFF, 2
	.equ	FLAG_EXCEPTION_EL2, 3

// EVENT: 0x00 to 0x0f a vector of EL3, 0x20 to 0x2f a vector of EL2, and
	.equ	EVENT_HELLO, 0x40
	.equ	EVENT_WOKEN, 0x41

	.macro	imm32 register, value
	movz	\register, #((\value) & 0xffff)
	movk	\register, #(((\value) >> 16) & 0xffff), lsl #16
	.endm

	.text
	b	reset
	.balign	8
	.ascii	"TRAPMON1"
	.org	PARAMETERS
parameters:
	.quad	0

// Acknowledges a group 0 interrupt: its INTID in x6. Takes all bytes out of the UART first: one that comes later
// raises its interrupt again.
	.macro	acknowledge
	mrs	x6, S3_0_C12_C8_0		// ICC_IAR0_EL1
	cmp	x6, #UART_INTID
	b.ne	12f
	imm32	x7, UART
	mov	w8, #0x7ff
	str	w8, [x7, #0x44]			// UARTICR
11:	ldr	w8, [x7, #0x18]			// UARTFR.RXFE
	tbnz	w8, #4, 12f
	ldr	w8, [x7]
	b	11b
12:	cmp	x6, #1020
	b.hs	13f
	msr	S3_0_C12_C8_1, x6		// ICC_EOIR0_EL1
13:
	.endm

	.balign	0x800
el3_vectors:
	.macro	vector number
	.balign	0x80
	stp	x0, x1, [sp, #REGISTERS]
	mov	x0, #\number
	b	entered
	.endm
	.irp	number, 0x0, 0x1, 0x2, 0x3, 0x4, 0x5, 0x6, 0x7, 0x8, 0x9, 0xa, 0xb, 0xc, 0xd, 0xe, 0xf
	vector	\number
	.endr

	.balign	0x80
entered:
	stp	x2, x3, [sp, #(REGISTERS + 16)]
	stp	x4, x5, [sp, #(REGISTERS + 32)]
	stp	x6, x7, [sp, #(REGISTERS + 48)]
	stp	x8, x9, [sp, #(REGISTERS + 64)]
	stp	x10, x11, [sp, #(REGISTERS + 80)]
	stp	x12, x13, [sp, #(REGISTERS + 96)]
	stp	x14, x15, [sp, #(REGISTERS + 112)]
	stp	x16, x17, [sp, #(REGISTERS + 128)]
	stp	x18, x19, [sp, #(REGISTERS + 144)]
	stp	x20, x21, [sp, #(REGISTERS + 160)]
	stp	x22, x23, [sp, #(REGISTERS + 176)]
	stp	x24, x25, [sp, #(REGISTERS + 192)]
	stp	x26, x27, [sp, #(REGISTERS + 208)]
	stp	x28, x29, [sp, #(REGISTERS + 224)]
	str	x30, [sp, #(REGISTERS + 240)]
	mrs	x10, cntvct_el0
	str	x10, [sp, #ENTERED]
	mrs	x1, esr_el3
	mrs	x2, elr_el3
	mrs	x3, spsr_el3
	mrs	x4, far_el3
	mov	x5, #0
	mov	x6, #1023
	bic	x7, x0, #4			// 0xa and 0xe: FIQ from below
	cmp	x7, #0xa
	b.eq	2f
	cmp	x0, #0x8
	b.ne	3f
	// SMC from EL2's vectors is the trampoline; its immediate has the vector's number.
	lsr	w7, w1, #26
	cmp	w7, #0x17
	b.ne	3f
	adr	x8, parameters
	ldr	x8, [x8]
	bic	x9, x2, #0x7ff
	cmp	x8, x9
	b.ne	3f
	and	x0, x1, #0xf
	orr	x0, x0, #0x20
	mrs	x1, esr_el2
	mrs	x2, elr_el2
	mrs	x3, spsr_el2
	mrs	x4, far_el2
	mrs	x5, hpfar_el2
	b	3f
2:	acknowledge
	cmp	x6, #1020
	b.lo	3f
	// Somebody else took it.
	str	xzr, [sp, #FLAGS]
	str	x2, [sp, #PC]
	str	x3, [sp, #PSTATE]
	b	resume
3:	str	x0, [sp, #EVENT]
	stp	x1, x4, [sp, #ESR]
	str	x5, [sp, #HPFAR]
	str	x6, [sp, #INTID]
	str	x2, [sp, #PC]
	str	x3, [sp, #PSTATE]
	mrs	x6, sctlr_el1
	mrs	x7, tcr_el1
	stp	x6, x7, [sp, #SCTLR_EL1]
	mrs	x6, ttbr0_el1
	mrs	x7, ttbr1_el1
	stp	x6, x7, [sp, #TTBR0_EL1]
	mrs	x6, vbar_el1
	mrs	x7, esr_el1
	stp	x6, x7, [sp, #VBAR_EL1]
	mrs	x6, far_el1
	mrs	x7, elr_el1
	stp	x6, x7, [sp, #FAR_EL1]
	mrs	x6, spsr_el1
	mrs	x7, sp_el0
	stp	x6, x7, [sp, #SPSR_EL1]
	mrs	x8, sp_el1
	mrs	x9, sctlr_el2
	stp	x8, x9, [sp, #SP_EL1]
	mrs	x6, tcr_el2
	mrs	x9, ttbr0_el2
	stp	x6, x9, [sp, #TCR_EL2]
	mrs	x6, vbar_el2
	str	x6, [sp, #VBAR_EL2]
	tbnz	w3, #4, 4f
	tst	x3, #1				// the caller's own stack pointer
	csel	x7, x8, x7, ne
	and	x8, x3, #0xf
	cmp	x8, #9
	b.ne	5f
	mrs	x7, sp_el2
5:	str	x7, [sp, #SP]
	b	ring
4:	mrs	x6, dacr32_el2
	mrs	x7, ifsr32_el2
	stp	x6, x7, [sp, #DACR]
	mrs	x6, spsr_und
	mrs	x7, spsr_abt
	stp	x6, x7, [sp, #SPSR_UND]

// Tells the outside, and waits for its answer.
ring:	mrs	x0, isr_el1
	str	x0, [sp, #ISR]
	mrs	x0, mpidr_el1
	str	x0, [sp, #MPIDR]
	mov	x20, sp
	mov	w1, #STATE_WAITS
	stlr	w1, [x20]
	dsb	sy
	ubfx	x1, x0, #8, #8			// 16 CPUs in a cluster
	and	x0, x0, #0xf
	add	x0, x0, x1, lsl #4
	imm32	x1, UART
	str	w0, [x1]
wait:	ldar	w0, [x20]
	cmp	w0, #STATE_RESUME
	b.eq	resume
	cmp	w0, #STATE_COMMANDS
	b.eq	commands
	cmp	w0, #STATE_SLEEP
	b.eq	sleep
	cmp	w0, #STATE_RESET
	b.eq	reset_machine
	yield
	b	wait

reset_machine:
	imm32	x1, GPIO
	mov	w0, #2
	str	w0, [x1, #0x400]		// GPIODIR
	str	w0, [x1, #8]			// GPIODATA of pin 1
1:	wfi
	b	1b

// Carries out the commands, and waits on: the outside looks at the state.
commands:
	ldr	x21, [x20, #COUNT]
	add	x22, x20, #COMMANDS
1:	cbz	x21, 9f
	ldrb	w0, [x22]
	ldrb	w1, [x22, #1]
	ldp	x2, x3, [x22, #8]		// address, value
	sub	w0, w0, #1
	cmp	w0, #7
	b.hs	8f
	adr	x4, operations
	ldr	w5, [x4, x0, lsl #2]
	add	x4, x4, x5
	br	x4
operations:
	.word	read - operations
	.word	write - operations
	.word	or - operations
	.word	and - operations
	.word	exchange - operations
	.word	kick - operations
	.word	invalidate - operations
done:	str	x3, [x22, #24]
8:	add	x22, x22, #32
	sub	x21, x21, #1
	b	1b
9:	mov	w1, #STATE_WAITS
	stlr	w1, [x20]
	b	wait

read:	tbnz	w1, #3, 1f
	tbnz	w1, #2, 2f
	tbnz	w1, #1, 3f
	ldrb	w3, [x2]
	b	done
3:	ldrh	w3, [x2]
	b	done
2:	ldar	w3, [x2]
	b	done
1:	ldar	x3, [x2]
	b	done

write:	tbnz	w1, #3, 1f
	tbnz	w1, #2, 2f
	tbnz	w1, #1, 3f
	strb	w3, [x2]
	b	done
3:	strh	w3, [x2]
	b	done
2:	stlr	w3, [x2]
	b	done
1:	stlr	x3, [x2]
	b	done

// Atomics on words of 4 and 8 bytes; the result is what the word was.
	.macro	atomic name, instruction
\name:	tbnz	w1, #3, 2f
1:	ldaxr	w5, [x2]
	\instruction w6, w5, w3
	stlxr	w7, w6, [x2]
	cbnz	w7, 1b
	b	3f
2:	ldaxr	x5, [x2]
	\instruction x6, x5, x3
	stlxr	w7, x6, [x2]
	cbnz	w7, 2b
3:	mov	x3, x5
	b	done
	.endm
	atomic	or, orr
	atomic	and, and

// Stores where the word is what the result field holds.
exchange:
	ldr	x4, [x22, #24]
	tbnz	w1, #3, 2f
1:	ldaxr	w5, [x2]
	cmp	w5, w4
	b.ne	3f
	stlxr	w7, w3, [x2]
	cbnz	w7, 1b
	b	4f
2:	ldaxr	x5, [x2]
	cmp	x5, x4
	b.ne	3f
	stlxr	w7, x3, [x2]
	cbnz	w7, 2b
	b	4f
3:	clrex
4:	mov	x3, x5
	b	done

kick:	msr	S3_0_C12_C11_7, x3		// ICC_SGI0R_EL1
	isb
	b	done

// After a change of stage 2.
invalidate:
	dsb	sy
	tlbi	alle1is
	dsb	sy
	isb
	b	done

// Sleeps until it is kicked; one that is not off also until an interrupt is pending for the guest.
sleep:	ldr	x19, [x20, #FLAGS]
	tbz	x19, #FLAG_OFF, 1f
	mrs	x0, S3_6_C12_C12_7		// ICC_IGRPEN1_EL3
	bic	x0, x0, #1
	msr	S3_6_C12_C12_7, x0
	isb
1:	wfi
	acknowledge
	cmp	x6, #1020
	b.lo	2f
	tbnz	x19, #FLAG_OFF, 1b
	mrs	x0, isr_el1
	tst	x0, #0x1c0
	b.eq	1b
2:	str	x6, [x20, #INTID]
	mov	x0, #EVENT_WOKEN
	str	x0, [x20, #EVENT]
	mrs	x0, cntvct_el0
	str	x0, [x20, #ENTERED]
	b	ring

resume:	mov	x20, sp
	str	wzr, [x20]
	ldr	x19, [x20, #FLAGS]
	tbz	x19, #FLAG_RESTART, 1f
	bl	restart
1:	ldp	x0, x1, [sp, #ESR_EL1]
	ldp	x2, x3, [sp, #ELR_EL1]
	tbz	x19, #FLAG_EXCEPTION_EL2, 3f
	msr	esr_el2, x0
	msr	far_el2, x1
	msr	elr_el2, x2
	msr	spsr_el2, x3
3:	tbz	x19, #FLAG_EXCEPTION, 2f
	msr	esr_el1, x0
	msr	far_el1, x1
	msr	elr_el1, x2
	msr	spsr_el1, x3
	ldr	x0, [sp, #PSTATE]
	tbz	w0, #4, 2f
	ldr	x0, [sp, #IFSR]
	msr	ifsr32_el2, x0
	ldp	x0, x1, [sp, #SPSR_UND]
	msr	spsr_und, x0
	msr	spsr_abt, x1
2:	ldr	x0, [sp, #PC]
	ldr	x1, [sp, #PSTATE]
	msr	elr_el3, x0
	msr	spsr_el3, x1
	mrs	x0, cntvct_el0
	str	x0, [sp, #LEFT]
	ldp	x2, x3, [sp, #(REGISTERS + 16)]
	ldp	x4, x5, [sp, #(REGISTERS + 32)]
	ldp	x6, x7, [sp, #(REGISTERS + 48)]
	ldp	x8, x9, [sp, #(REGISTERS + 64)]
	ldp	x10, x11, [sp, #(REGISTERS + 80)]
	ldp	x12, x13, [sp, #(REGISTERS + 96)]
	ldp	x14, x15, [sp, #(REGISTERS + 112)]
	ldp	x16, x17, [sp, #(REGISTERS + 128)]
	ldp	x18, x19, [sp, #(REGISTERS + 144)]
	ldp	x20, x21, [sp, #(REGISTERS + 160)]
	ldp	x22, x23, [sp, #(REGISTERS + 176)]
	ldp	x24, x25, [sp, #(REGISTERS + 192)]
	ldp	x26, x27, [sp, #(REGISTERS + 208)]
	ldp	x28, x29, [sp, #(REGISTERS + 224)]
	ldr	x30, [sp, #(REGISTERS + 240)]
	ldp	x0, x1, [sp, #REGISTERS]
	eret

// The levels below as after reset, with what the answer says of them.
restart:
	imm32	x0, 0x04030535			// SCR_EL3: ATA API APK RW HCE FIQ NS and RES1; IRQ and SError stay below
	movk	x0, #0x200, lsl #32		// EnTP2
	msr	scr_el3, x0
	mov	x0, #0x1100			// CPTR_EL3.EZ, ESM: SVE and SME do not trap here
	msr	cptr_el3, x0
	isb
	mov	x2, #0x33ff			// CPTR_EL2 without traps; TZ and TSM are RES1 where there is no SVE or SME
	mrs	x1, id_aa64pfr0_el1
	ubfx	x1, x1, #32, #4
	cbz	x1, 1f
	mov	x0, #0xf
	msr	S3_6_C1_C2_0, x0		// ZCR_EL3
	bic	x2, x2, #0x100
	msr	cptr_el2, x2
	isb
	msr	S3_4_C1_C2_0, x0		// ZCR_EL2
1:	mrs	x1, id_aa64pfr1_el1
	ubfx	x1, x1, #24, #4
	cbz	x1, 2f
	mov	x0, #0xf
	msr	S3_6_C1_C2_6, x0		// SMCR_EL3
	bic	x2, x2, #0x1000
	msr	cptr_el2, x2
	isb
	msr	S3_4_C1_C2_6, x0		// SMCR_EL2
2:	msr	cptr_el2, x2
	msr	mdcr_el3, xzr
	ldr	x0, [x20, #HCR]
	orr	x0, x0, #(3 << 40)		// API, APK
	msr	hcr_el2, x0
	ldr	x0, [x20, #START_SCTLR_EL1]
	msr	sctlr_el1, x0
	ldr	x0, [x20, #START_SCTLR_EL2]
	msr	sctlr_el2, x0
	msr	hstr_el2, xzr
	ldr	x0, [x20, #VTTBR]
	msr	vttbr_el2, x0
	ldr	x0, [x20, #VTCR]
	msr	vtcr_el2, x0
	mov	x0, #3				// EL1 may read the physical counter and timer
	msr	cnthctl_el2, x0
	msr	cntvoff_el2, xzr
	mrs	x0, midr_el1
	msr	vpidr_el2, x0
	mrs	x0, mpidr_el1
	msr	vmpidr_el2, x0
	adr	x0, parameters
	ldr	x0, [x0]
	msr	vbar_el2, x0
	isb
	tlbi	alle1
	tlbi	alle2
	ic	iallu
	dsb	sy
	isb
	ret

reset:	msr	daifset, #0xf
	msr	spsel, #1
	mrs	x19, mpidr_el1
	ubfx	x1, x19, #8, #8
	and	x19, x19, #0xf
	add	x19, x19, x1, lsl #4		// the CPU's number
	adr	x23, parameters
	ldr	x23, [x23]
	add	x20, x23, #AREA_MAILBOXES
	add	x20, x20, x19, lsl #12
	mov	sp, x20
	adr	x0, el3_vectors
	msr	vbar_el3, x0
	msr	cptr_el3, xzr
	isb
	// The CPU interface by system registers, in both security states.
	mov	x0, #0xf
	msr	S3_6_C12_C12_5, x0		// ICC_SRE_EL3
	isb
	mrs	x1, scr_el3
	orr	x2, x1, #1
	msr	scr_el3, x2
	isb
	msr	S3_4_C12_C9_5, x0		// ICC_SRE_EL2
	msr	S3_0_C12_C12_5, x0		// ICC_SRE_EL1, Non-secure
	isb
	msr	scr_el3, x1
	isb
	msr	S3_0_C12_C12_5, x0		// ICC_SRE_EL1, Secure
	mov	x0, #0xff
	msr	S3_0_C4_C6_0, x0		// ICC_PMR_EL1
	mov	x0, #1
	msr	S3_0_C12_C12_6, x0		// ICC_IGRPEN0_EL1
	isb
	// The redistributor: awake; the kick stays in group 0 at highest priority, all else is Non-secure.
	imm32	x21, GICR
	add	x21, x21, x19, lsl #17
	ldr	w0, [x21, #0x14]		// GICR_WAKER.ProcessorSleep
	bic	w0, w0, #2
	str	w0, [x21, #0x14]
1:	ldr	w0, [x21, #0x14]		// ChildrenAsleep
	tbnz	w0, #2, 1b
	add	x22, x21, #0x10, lsl #12
	mov	w0, #0xffff7fff
	str	w0, [x22, #0x80]		// GICR_IGROUPR0
	str	wzr, [x22, #0xd00]		// GICR_IGRPMODR0
	strb	wzr, [x22, #(0x400 + KICK)]	// GICR_IPRIORITYR
	mov	w0, #(1 << KICK)
	str	w0, [x22, #0x100]		// GICR_ISENABLER0
	mov	x0, #(1 << FLAG_OFF)
	str	x0, [x20, #FLAGS]
	cbnz	x19, sleep
	// The distributor, by the first CPU: everything Non-secure but the UART's interrupt, which comes here.
	imm32	x24, GICD
	mov	w0, #0x30			// GICD_CTLR.ARE_S, ARE_NS
	str	w0, [x24]
	mov	w0, #0x37
	str	w0, [x24]
	ldr	w1, [x24, #4]			// GICD_TYPER.ITLinesNumber
	and	w1, w1, #0x1f
	mov	w0, #-1
	add	x2, x24, #0x80			// GICD_IGROUPR
	add	x3, x24, #0xd00			// GICD_IGRPMODR
2:	cbz	w1, 3f
	str	w0, [x2, #4]!
	str	wzr, [x3, #4]!
	sub	w1, w1, #1
	b	2b
3:	ldr	w0, [x24, #0x84]
	bic	w0, w0, #(1 << (UART_INTID - 32))
	str	w0, [x24, #0x84]
	strb	wzr, [x24, #(0x400 + UART_INTID)]	// GICD_IPRIORITYR
	add	x2, x24, #6, lsl #12			// GICD_IROUTER
	str	xzr, [x2, #(UART_INTID * 8)]
	mov	w0, #(1 << (UART_INTID - 32))
	str	w0, [x24, #0x104]			// GICD_ISENABLER1
	// EL2's vectors lie in memory that EL2 may execute.
	adr	x0, el2_vectors
	mov	x1, x23
	add	x2, x0, #0x800
4:	ldp	x3, x4, [x0], #16
	stp	x3, x4, [x1], #16
	cmp	x0, x2
	b.lo	4b
	dsb	sy
	ic	iallu
	isb
	imm32	x1, UART
	mov	w0, #0x70
	str	w0, [x1, #0x2c]			// UARTLCR_H: 8 bits, FIFOs
	mov	w0, #0x301
	str	w0, [x1, #0x30]			// UARTCR: on, both ways
	mov	w0, #0x10
	str	w0, [x1, #0x38]			// UARTIMSC: a byte has come
	mov	w0, #RING_RESET
	str	w0, [x1]
	mov	x0, #EVENT_HELLO
	str	x0, [x20, #EVENT]
	b	ring

	.balign	0x800
el2_vectors:
	.irp	number, 0x0, 0x1, 0x2, 0x3, 0x4, 0x5, 0x6, 0x7, 0x8, 0x9, 0xa, 0xb, 0xc, 0xd, 0xe, 0xf
	.balign	0x80
	smc	#\number
	eret
	.endr
	.balign	0x80
