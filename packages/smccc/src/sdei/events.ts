import { CompositionError } from '@trapline/core';

/** One event that the platform has. Event 0, private and signalled by software, is always there (DEN0054A, 4.2). */
export interface SdeiEvent {
  /** 1 to 2^31 − 1. */
  readonly number: number;
  /** One handler for all PEs, instead of one on each. */
  readonly shared?: boolean;
  /** May interrupt the handler of a normal event. */
  readonly critical?: boolean;
  /** The interrupt that signals it. */
  readonly interrupt?: number;
  /** A slot for SDEI_INTERRUPT_BIND: it has no interrupt until one is bound. */
  readonly dynamic?: boolean;
}

/** Events a platform may have. */
export const MAX_EVENTS = 256;

/** First private peripheral interrupt, first shared one, and the first number behind those. */
const FIRST_PPI = 16;
const FIRST_SPI = 32;
const SPI_END = 1020;

/** The event that software signals. */
export const EVENT_0 = 0;

/** Whether an INTID is a PPI: one on each PE. */
export function isPrivateInterrupt(intid: number): boolean {
  return intid >= FIRST_PPI && intid < FIRST_SPI;
}

/** Whether an INTID is an SPI. */
export function isSharedInterrupt(intid: number): boolean {
  return intid >= FIRST_SPI && intid < SPI_END;
}

/**
 * All events, event 0 first, checked.
 *
 * Throws {@link CompositionError} for numbers that are taken or none, an interrupt that is of the other kind or has an
 * event already, and a dynamic event with an interrupt or critical.
 */
export function checkedEvents(events: readonly SdeiEvent[]): readonly SdeiEvent[] {
  if (events.length >= MAX_EVENTS) {
    throw new CompositionError(`${events.length} SDEI events`, `give fewer than ${MAX_EVENTS}`);
  }
  const all: SdeiEvent[] = [{ number: EVENT_0 }];
  for (const event of events) {
    const problem = problemOf(event, all);
    if (problem) throw new CompositionError(`SDEI event ${event.number} ${problem}`, 'give it other properties');
    all.push(event);
  }
  return all;
}

function problemOf(event: SdeiEvent, others: readonly SdeiEvent[]): string | undefined {
  const { number, interrupt } = event;
  if (!Number.isInteger(number) || number < 0 || number > 0x7fff_ffff) return 'has no number of 31 bits';
  if (others.some((other) => other.number === number)) return 'is there already';
  if (event.dynamic && (interrupt !== undefined || event.critical)) {
    return 'is a slot for binding and cannot have an interrupt or be critical';
  }
  if (interrupt === undefined) return undefined;
  if (!(event.shared ? isSharedInterrupt(interrupt) : isPrivateInterrupt(interrupt))) {
    return `is ${event.shared ? 'shared' : 'private'} and cannot have interrupt ${interrupt}`;
  }
  return others.some((other) => other.interrupt === interrupt) ? `has the interrupt of another` : undefined;
}
