import { ADDRESS_LIMIT, CompositionError, type Service } from '@trapline/core';
import { MAX_GUEST_NAME, MAX_MEMORY_REGIONS } from './limits.js';
import { type MemoryRegion, overlaps, regionWords } from './region.js';
import { LEVELS, type ServiceChoice, type StackSpec } from './spec.js';

/** Refuses names of guests that no message, file or property of an object could carry. */
export function checkName(name: string): void {
  if (name.length > 0 && name.length <= MAX_GUEST_NAME) return;
  throw new CompositionError(`a guest's name has ${name.length} characters`, `give it between 1 and ${MAX_GUEST_NAME}`);
}

/** Refuses services for guests that are not there. */
export function checkChoices(spec: StackSpec): void {
  const names = spec.guests.map((guest) => guest.name);
  for (const level of LEVELS) {
    for (const choice of spec[level] ?? []) {
      for (const name of 'service' in choice ? choice.guests : []) {
        if (names.includes(name)) continue;
        throw new CompositionError(
          `service '${serviceOf(choice).name}' at ${level} is for guest '${name}', which the stack does not have`,
          `name ${names.map((known) => `'${known}'`).join(' or ')}`,
        );
      }
    }
  }
}

/** Refuses memory that is not there, out of range, or twice at one address. */
export function checkMemory(guest: string, memory: readonly MemoryRegion[]): void {
  if (memory.length === 0) {
    throw new CompositionError(
      `guest '${guest}' has no memory`,
      'give it some: [{ base: 0x4000_0000, size: 2 ** 29 }]',
    );
  }
  if (memory.length > MAX_MEMORY_REGIONS) {
    throw new CompositionError(
      `guest '${guest}' has ${memory.length} regions of memory`,
      `leave at most ${MAX_MEMORY_REGIONS}`,
    );
  }
  for (const { base, size } of memory) {
    const whole = Number.isSafeInteger(base) && Number.isSafeInteger(size) && base >= 0 && size > 0;
    if (whole && base + size <= ADDRESS_LIMIT) continue;
    throw new CompositionError(
      `guest '${guest}' has a region of memory at ${base} with ${size} bytes`,
      'give whole numbers, at least one byte, below 2^53',
    );
  }
  for (const [i, region] of memory.entries()) {
    for (const other of memory.slice(0, i)) {
      if (overlaps(region, other)) throw overlap(guest, ['memory', other], ['memory', region]);
    }
  }
}

/** Refuses an interrupt controller whose frames lie in memory or in one another. */
export function checkFrames(
  guest: string,
  memory: readonly MemoryRegion[],
  distributor: MemoryRegion,
  cpuInterface: MemoryRegion,
): void {
  for (const frame of [distributor, cpuInterface]) {
    const region = memory.find((candidate) => overlaps(frame, candidate));
    if (region !== undefined) throw overlap(guest, ['memory', region], ['the interrupt controller', frame]);
  }
  if (overlaps(distributor, cpuInterface)) {
    throw overlap(guest, ['the distributor', distributor], ['the CPU interface', cpuInterface]);
  }
}

/** The service of a choice. */
export function serviceOf(choice: ServiceChoice): Service {
  return 'service' in choice ? choice.service : choice;
}

type Named = readonly [what: string, region: MemoryRegion];

function overlap(guest: string, [a, at]: Named, [b, bt]: Named): CompositionError {
  return new CompositionError(
    `guest '${guest}': ${a} at ${regionWords(at)} overlaps ${b} at ${regionWords(bt)}`,
    'move one of them',
  );
}
