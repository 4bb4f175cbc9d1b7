/*
 * Calls every wrapper of a table with every set of arguments of another, and writes what came back to the serial port.
 *
 * The tables come from the test: cases.bin holds words of the target's size, functions.h the C functions to call.
 */
#include "abi.h"

typedef unsigned long word;

extern const unsigned char code[], cases[], cases_end[];
void invoke(const word *words, word *out);

/* What is kept for the caller: X19-X29, R4-R11. */
#ifdef __aarch64__
#define KEPT 11
#define PARAMETERS 8
#else
#define KEPT 8
#define PARAMETERS 4
#endif
#define STACK 24
#define BLOCK 18

const word patterns[KEPT + 1] = { PATTERNS };

/* Fixed places, so that the test can pass their addresses. */
#define ARGUMENTS ((volatile word *)0x42000000)
#define RESULTS ((volatile word *)0x42001000)
#define QUIRK ((volatile word *)0x42002000)
/* A byte, which stands in the same place in either order. */
#define SERIAL (*(volatile unsigned char *)0x09000000)

static void put(word value)
{
	for (unsigned int i = 0; i < sizeof(value); i++)
		SERIAL = (value >> (8 * i)) & 0xff;
}

void main(void)
{
	static const word functions[] = { FUNCTIONS };
	const word *next = (const word *)(const void *)cases;

	while (next != (const word *)(const void *)cases_end) {
		word words[1 + PARAMETERS + STACK];
		word out[2 + KEPT];

		/* A number with the top bit is one of the C functions, another one an offset in the machine code. */
		words[0] = (next[0] >> 31) ? functions[next[0] & 0xffff] : (word)code + next[0];
		for (unsigned int i = 1; i < 1 + PARAMETERS + STACK; i++)
			words[i] = next[i];
		next += 1 + PARAMETERS + STACK;
		for (unsigned int i = 0; i < BLOCK; i++) {
			ARGUMENTS[i] = *next++;
			RESULTS[i] = (word)-1 / 0xff * 0xee;
		}
		RESULTS[BLOCK] = (word)-1 / 0xff * 0xee;
		/* The id is an int: its bytes stand first in either order of bytes. */
		*(volatile int *)QUIRK = (int)*next++;
		QUIRK[1] = 0;
		invoke(words, out);
		for (unsigned int i = 0; i < 2 + KEPT; i++)
			put(out[i]);
		for (unsigned int i = 0; i <= BLOCK; i++)
			put(RESULTS[i]);
		put(QUIRK[1]);
	}
	POWER_OFF();
}
