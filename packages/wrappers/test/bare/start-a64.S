/* Begins at EL1 or EL2 with the MMU off; one CPU. */
	.section .text.start, "ax"
	.globl	_start
_start:
	ldr	x9, =stack_top
	mov	sp, x9
	bl	main
1:	wfi
	b	1b

/*
 * void invoke(const unsigned long *words, unsigned long *out)
 *
 * words: function, X0-X7, 24 words of stack. out: X0, X19-X29, the difference of SP.
 */
	.text
	.globl	invoke
invoke:
	stp	x29, x30, [sp, #-96]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	sub	sp, sp, #24 * 8
	ldr	x9, =state
	mov	x10, sp
	stp	x10, x1, [x9]
	add	x11, x0, #9 * 8
	mov	x12, #24
1:	ldr	x13, [x11], #8
	str	x13, [x10], #8
	subs	x12, x12, #1
	b.ne	1b
	ldr	x9, =patterns
	ldp	x19, x20, [x9]
	ldp	x21, x22, [x9, #16]
	ldp	x23, x24, [x9, #32]
	ldp	x25, x26, [x9, #48]
	ldp	x27, x28, [x9, #64]
	ldr	x29, [x9, #80]
	mov	x16, x0
	ldr	x17, [x16]
	ldp	x0, x1, [x16, #8]
	ldp	x2, x3, [x16, #24]
	ldp	x4, x5, [x16, #40]
	ldp	x6, x7, [x16, #56]
	blr	x17
	ldr	x9, =state
	ldp	x10, x11, [x9]
	stp	x0, x19, [x11]
	stp	x20, x21, [x11, #16]
	stp	x22, x23, [x11, #32]
	stp	x24, x25, [x11, #48]
	stp	x26, x27, [x11, #64]
	stp	x28, x29, [x11, #80]
	mov	x12, sp
	sub	x12, x12, x10
	str	x12, [x11, #96]
	add	sp, x10, #24 * 8
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	x29, x30, [sp], #96
	ret
	.ltorg

	.bss
	.balign	16
state:	.skip	16
	.skip	0x4000
stack_top:
