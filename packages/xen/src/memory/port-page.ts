import type { GuestPhysical, MemoryPage, MemoryPort, SharedWords } from '@trapline/core';
import type { DomainMemory } from './domain-memory.js';
import { addressOfFrame, asBuiltId } from './frames.js';
import { Page } from './page.js';

const NO_BYTES: MemoryPage = new Uint8Array(0);

/** A page of RAM as built, of which the port shows words and copies, but no bytes: another machine's memory. */
export class PortPage extends Page {
  readonly #port: MemoryPort;
  readonly #address: number;

  constructor(owner: DomainMemory, frame: number, port: MemoryPort, words: SharedWords) {
    super(owner, asBuiltId(frame), NO_BYTES, words);
    this.hasBytes = false;
    this.#port = port;
    this.#address = addressOfFrame(frame);
  }

  override read(from: number, target: Uint8Array): void {
    this.#port.read((this.#address + from) as GuestPhysical, target);
  }

  override write(to: number, source: Uint8Array): void {
    this.#port.write((this.#address + to) as GuestPhysical, source);
  }
}
