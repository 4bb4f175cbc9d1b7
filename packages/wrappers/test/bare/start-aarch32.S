/* Begins in SVC or Hyp mode with the MMU off; one CPU. */
	.syntax	unified
	.arm
	.section .text.start, "ax"
	.globl	_start
_start:
	ldr	sp, =stack_top
	bl	main
1:	wfi
	b	1b

/*
 * void invoke(const unsigned long *words, unsigned long *out)
 *
 * words: function, R0-R3, 24 words of stack. out: R0, R4-R11, the difference of SP.
 */
	.text
	.globl	invoke
	.type	invoke, %function
invoke:
	push	{r4-r11, lr}
	sub	sp, sp, #24 * 4
	ldr	r12, =state
	str	sp, [r12]
	str	r1, [r12, #4]
	add	r2, r0, #5 * 4
	mov	r3, sp
	mov	r4, #24
1:	ldr	r5, [r2], #4
	str	r5, [r3], #4
	subs	r4, r4, #1
	bne	1b
	ldr	r12, =patterns
	ldm	r12, {r4-r11}
	mov	lr, r0
	ldr	r12, [lr]
	ldr	r0, [lr, #4]
	ldr	r1, [lr, #8]
	ldr	r2, [lr, #12]
	ldr	r3, [lr, #16]
	blx	r12
	ldr	r12, =state
	ldr	r12, [r12, #4]
	stm	r12, {r0, r4-r11}
	ldr	r1, =state
	ldr	r1, [r1]
	sub	r2, sp, r1
	str	r2, [r12, #36]
	add	sp, r1, #24 * 4
	pop	{r4-r11, pc}
	.ltorg

	.bss
	.balign	16
state:	.skip	16
	.skip	0x4000
stack_top:
