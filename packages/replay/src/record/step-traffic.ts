import type {
  Hex,
  HexBytes,
  InterruptDrive,
  InterruptInFlight,
  MediumBytes,
  MemoryBytes,
  PortTraffic,
  Translation,
} from '@trapline/recordings';
import { hex, hexOfBytes } from '../registers/hex.js';
import { ByteMap, type ByteRun } from '../tap/byte-map.js';
import { entriesOf } from '../tap/memory-entries.js';
import { PageTranslations } from '../tap/page-translations.js';
import type { MemoryTap } from '../tap/tapped-memory.js';
import { EstablishedMemory } from './established.js';

/** Clocks that a step has one reading of. */
export type ClockName = 'now' | 'counter' | 'wall';

/** What passes the ports until it is taken as one step's. What was established before is not told again. */
export class StepTraffic implements MemoryTap {
  readonly #established = new EstablishedMemory();
  readonly #pages = new PageTranslations();
  readonly #in = new ByteMap();
  readonly #out = new ByteMap();
  /** Bytes that were read or written in this step: what differs there later is another CPU's. */
  readonly #touched = new ByteMap();
  #late: MemoryBytes[] = [];
  #looks = 0;
  #translations: Translation[] = [];
  #clocks = new Map<ClockName, bigint>();
  #stolen = new Map<number, bigint>();
  #random: (HexBytes | null)[] = [];
  #pending = new Set<number>();
  #inFlight: InterruptInFlight[] = [];
  #interrupts: InterruptDrive[] = [];
  readonly #disks: EstablishedMemory[] = [];
  #media: MediumBytes[] = [];

  /** Whether anything is kept: memory is not where a loader fills it, and nothing is once the trace has ended. */
  hears: 'all' | 'no memory' | 'nothing' = 'all';

  looking(): void {
    this.#looks++;
  }

  found(address: number, bytes: Uint8Array): void {
    if (this.hears !== 'all') return;
    for (const run of this.#established.news(address, bytes)) {
      if (this.#isTouched(run)) {
        for (const entry of entriesOf(run)) this.#late.push({ ...entry, access: this.#looks });
      } else this.#in.put(run.address, run.bytes);
    }
    this.#established.put(address, bytes);
    this.#touched.put(address, bytes);
  }

  put(address: number, bytes: Uint8Array): void {
    if (this.hears !== 'all') return;
    this.#out.put(address, bytes);
    this.#established.put(address, bytes);
    this.#touched.put(address, bytes);
  }

  translated(address: number, access: 'read' | 'write', to: number): void {
    if (this.hears === 'nothing') return;
    const news = this.#pages.learn(address, access, to);
    if (news !== undefined) this.#translations.push(news);
  }

  /** The reading of a clock in this step: the first one stays. */
  clock(name: ClockName, read: () => bigint): bigint {
    return this.hears === 'nothing' ? read() : readOnce(this.#clocks, name, read);
  }

  /** The same of a CPU's stolen time. */
  stolen(cpu: number, read: () => bigint): bigint {
    return this.hears === 'nothing' ? read() : readOnce(this.#stolen, cpu, read);
  }

  drew(bytes: Uint8Array | undefined): void {
    if (this.hears !== 'nothing') this.#random.push(bytes === undefined ? null : hexOfBytes(bytes));
  }

  wasPending(cpu: number): void {
    if (this.hears !== 'nothing') this.#pending.add(cpu);
  }

  wasInFlight(cpu: number, intid: number, is: boolean): void {
    if (this.hears === 'nothing') return;
    if (this.#inFlight.every((one) => one.cpu !== cpu || one.intid !== intid)) this.#inFlight.push({ cpu, intid, is });
  }

  drove(drive: InterruptDrive): void {
    if (this.hears !== 'nothing') this.#interrupts.push(drive);
  }

  /** Another disk: its number. */
  addMedium(): number {
    return this.#disks.push(new EstablishedMemory()) - 1;
  }

  foundOn(medium: number, position: number, bytes: Uint8Array): void {
    if (this.hears === 'nothing') return;
    const disk = this.#disks[medium] as EstablishedMemory;
    for (const run of disk.news(position, bytes)) {
      for (const entry of entriesOf(run)) this.#media.push({ medium, ...entry });
    }
    disk.put(position, bytes);
  }

  putOn(medium: number, position: number, bytes: Uint8Array): void {
    if (this.hears !== 'nothing') this.#disks[medium]?.put(position, bytes);
  }

  /** Whether the guest would notice, or a later step depends on it. */
  get matters(): boolean {
    const lists = [this.#late, this.#translations, this.#random, this.#interrupts, this.#media];
    return !this.#in.isEmpty || !this.#out.isEmpty || lists.some(({ length }) => length > 0);
  }

  /** What passed since it was taken last. */
  take(): PortTraffic {
    const memIn = [...entries(this.#in), ...this.#late];
    const memOut = [...entries(this.#out)];
    const taken: PortTraffic = {
      ...(memIn.length > 0 && { memIn }),
      ...(this.#translations.length > 0 && { translations: this.#translations }),
      ...(this.#clocks.size + this.#stolen.size > 0 && { time: this.#time() }),
      ...(this.#random.length > 0 && { random: this.#random }),
      ...(this.#pending.size > 0 && { pending: [...this.#pending] }),
      ...(this.#inFlight.length > 0 && { inFlight: this.#inFlight }),
      ...(this.#media.length > 0 && { media: this.#media }),
      ...(memOut.length > 0 && { memOut }),
      ...(this.#interrupts.length > 0 && { interrupts: this.#interrupts }),
    };
    this.#forget();
    return taken;
  }

  #time(): NonNullable<PortTraffic['time']> {
    return {
      ...(Object.fromEntries([...this.#clocks].map(([name, value]) => [name, hex(value)])) as Record<ClockName, Hex>),
      ...(this.#stolen.size > 0 && {
        stolen: Object.fromEntries([...this.#stolen].map(([cpu, value]) => [cpu, hex(value)])),
      }),
    };
  }

  #forget(): void {
    for (const map of [this.#in, this.#out, this.#touched]) map.clear();
    this.#late = [];
    this.#looks = 0;
    this.#translations = [];
    this.#clocks = new Map();
    this.#stolen = new Map();
    this.#random = [];
    this.#pending = new Set();
    this.#inFlight = [];
    this.#interrupts = [];
    this.#media = [];
  }

  #isTouched({ address, bytes }: ByteRun): boolean {
    return bytes.some((_, i) => this.#touched.at(address + i) !== undefined);
  }
}

function* entries(map: ByteMap): Generator<MemoryBytes> {
  for (const run of map.runs()) yield* entriesOf(run);
}

function readOnce<K>(readings: Map<K, bigint>, key: K, read: () => bigint): bigint {
  const known = readings.get(key);
  if (known !== undefined) return known;
  const value = read();
  readings.set(key, value);
  return value;
}
