	.text
	.balign	8
	.globl	code
code:
	.incbin	"code.bin"
	.section .rodata
	.balign	8
	.globl	cases
cases:
	.incbin	"cases.bin"
	.globl	cases_end
cases_end:
	.section .note.GNU-stack, "", %progbits
