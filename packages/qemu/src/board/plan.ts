import { CompositionError } from '@trapline/core';
import type { Window } from '../guest/memory.js';
import { AREA_BYTES, MAX_CPUS } from '../monitor/layout.js';

/** Where RAM begins on QEMU's virt machine. */
export const RAM_BASE = 0x4000_0000;
/** Least and most RAM, in bytes; it is a multiple of 2 MiB. */
export const MIN_RAM_BYTES: number = 64 * 2 ** 20;
export const MAX_RAM_BYTES: number = 64 * 2 ** 30;
/** RAM of a machine where nobody says. */
export const DEFAULT_RAM_BYTES: number = 512 * 2 ** 20;
/** Bytes at the end of RAM that no memory node names: pages that a hypervisor shares with its guest. */
export const HYPERVISOR_BYTES = 0x20_0000;
/** Bytes of the flash that firmware is linked for, at address 0. */
export const FLASH_BYTES: number = 64 * 2 ** 20;

const GRAIN = 0x20_0000;

/** How a machine's addresses are used. */
export interface BoardPlan {
  readonly cpus: number;
  readonly ramBytes: number;
  /** The monitor's, out of the guest's sight. */
  readonly area: number;
  /** Pages that a hypervisor shares with its guest. */
  readonly hypervisor: { readonly base: number; readonly size: number };
  /** What the guest's device tree names. */
  readonly memory: { readonly base: number; readonly size: number };
  /** Where flash at 0 lies in RAM, for firmware that is linked there. */
  readonly flash: number | undefined;
  /** What services may reach. */
  readonly windows: readonly Window[];
}

/**
 * Plans a machine. RAM ends with the monitor's area; below it lie a hypervisor's pages, and below those what is flash
 * to the guest.
 *
 * Throws `CompositionError` for a number of CPUs or an amount of RAM that cannot be.
 */
export function planBoard(cpus: number, ramBytes: number, withFlash: boolean): BoardPlan {
  if (!Number.isInteger(cpus) || cpus < 1 || cpus > MAX_CPUS) {
    throw new CompositionError(`${cpus} CPUs`, `give the machine 1 to ${MAX_CPUS}`);
  }
  if (!(ramBytes >= MIN_RAM_BYTES && ramBytes <= MAX_RAM_BYTES) || ramBytes % GRAIN !== 0) {
    throw new CompositionError(
      `${ramBytes} bytes of RAM`,
      `give a multiple of 2 MiB from ${MIN_RAM_BYTES / 2 ** 20} MiB to ${MAX_RAM_BYTES / 2 ** 30} GiB`,
    );
  }
  if (withFlash && ramBytes < 4 * FLASH_BYTES) {
    throw new CompositionError(
      `${ramBytes / 2 ** 20} MiB of RAM for firmware at address 0`,
      `give at least ${(4 * FLASH_BYTES) / 2 ** 20} MiB: its flash lies in there`,
    );
  }
  const area = RAM_BASE + ramBytes - AREA_BYTES;
  const hypervisor = { base: area - HYPERVISOR_BYTES, size: HYPERVISOR_BYTES };
  const end = hypervisor.base - (withFlash ? FLASH_BYTES : 0);
  const windows: Window[] = [{ base: RAM_BASE, size: end - RAM_BASE, physical: RAM_BASE }];
  windows.push({ ...hypervisor, physical: hypervisor.base });
  if (withFlash) windows.push({ base: 0, size: FLASH_BYTES, physical: end });
  return {
    cpus,
    ramBytes,
    area,
    hypervisor,
    memory: { base: RAM_BASE, size: end - RAM_BASE },
    flash: withFlash ? end : undefined,
    windows,
  };
}
