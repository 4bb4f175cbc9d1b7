import type { Commands } from '../monitor/commands.js';
import { Operation } from '../monitor/layout.js';
import type { LinkMemory } from '../monitor/link.js';

/**
 * Carries out commands on memory from outside, while none of the machine's CPUs runs: nobody else changes it then.
 * Commands for devices, and kicks, find nobody and do nothing.
 */
export function carryOutDirectly(memory: LinkMemory, commands: Commands): void {
  const words = new BigUint64Array(commands.bytes.buffer, 0, commands.count * 4);
  for (let at = 0; at < words.length; at += 4) {
    const operation = Number((words[at] as bigint) & 0xffn);
    const width = Number(((words[at] as bigint) >> 8n) & 0xffn);
    const address = Number(words[at + 1] as bigint);
    if (operation > Operation.exchange || address < memory.base || address + width > memory.base + memory.size)
      continue;
    const cell = new BigUint64Array(1);
    const bytes = new Uint8Array(cell.buffer, 0, width);
    memory.read(address, bytes);
    const old = cell[0] as bigint;
    cell[0] = changed(operation, old, words[at + 2] as bigint, words[at + 3] as bigint);
    words[at + 3] = old;
    if (operation !== Operation.read) memory.write(address, bytes);
  }
}

function changed(operation: number, old: bigint, value: bigint, expected: bigint): bigint {
  switch (operation) {
    case Operation.write:
      return value;
    case Operation.or:
      return old | value;
    case Operation.and:
      return old & value;
    case Operation.exchange:
      return old === expected ? value : old;
    default:
      return old;
  }
}
