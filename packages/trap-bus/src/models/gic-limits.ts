/** Software generated interrupts are INTIDs 0 to 15, of each PE (IHI 0069, 2.2). */
export const SGI_COUNT = 16;
/** The first shared interrupt: those below are private to a PE. */
export const SPI_BASE = 32;
/** INTIDs from here on are no interrupts: 1020 to 1023 are special, and LPIs are not modelled. */
export const MAX_INTID = 1020;
/** What an acknowledge gives where nothing is to be taken. */
export const SPURIOUS_INTID = 1023;
/** The lowest priority; a mask of this lets all others pass. */
export const LOWEST_PRIORITY = 0xff;
/** A shared interrupt that goes to whichever PE takes it first (GICD_IROUTER.Interrupt_Routing_Mode = 1). */
export const ANY_PE = -1;
