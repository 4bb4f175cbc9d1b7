import { randomFillSync } from 'node:crypto';
import { closeSync, writeSync } from 'node:fs';
import type { Ports, SystemEvent } from '@trapline/core';
import { writeDtb } from '@trapline/devicetree';
import type { GuestSpec, StackGuest } from '@trapline/stack';
import type { Machine } from '@trapline/trap-bus';
import { type Observable, Subject, Subscription } from 'rxjs';
import { addDevices, fitMemory, writeChosen } from '../board/devices.js';
import { type BoardPlan, DEFAULT_RAM_BYTES, planBoard, RAM_BASE } from '../board/plan.js';
import { writeStageTwo } from '../board/stage-two.js';
import { type BootRegisters, Bridge } from '../bridge/bridge.js';
import { Patience } from '../bridge/patience.js';
import { GICD, GICR } from '../guest/interrupts.js';
import { monitorImage } from '../monitor/image.js';
import { SharedFile } from '../unix/shared-file.js';
import { UnixLink } from '../unix/unix-link.js';
import { qemuArguments } from './arguments.js';
import { type Console, SocketConsole } from './console.js';
import { type MachineEnd, PANIC_TIMEOUT_MS, PanicWatch } from './end.js';
import { QemuError } from './errors.js';
import { openMemoryFile } from './memory-file.js';
import { bootRegisters, type Payload, type PlacedPayload, placePayload } from './payload.js';
import { findQemu, QemuProcess } from './qemu-process.js';

/** How a machine is built. */
export interface QemuOptions {
  /** CPUs; 1 where absent. */
  readonly cpus?: number;
  /** RAM in bytes; {@link DEFAULT_RAM_BYTES} where absent. */
  readonly ramBytes?: number;
  /** QEMU's name of the CPU; `cortex-a57` where absent. */
  readonly cpu?: string;
  /** Whether the guest finds memory at address 0, for firmware that is linked for flash there. */
  readonly flash?: boolean;
  /** What comes of a guest that asks for a reset: it is started again (where absent), or the machine ends. */
  readonly onReset?: 'restart' | 'end';
}

/** How a machine is started. */
export interface StartOptions {
  readonly payload: Payload;
  /** The kernel's command line, in place of the tree's. */
  readonly bootargs?: string;
}

/** Longest time from QEMU's start, or a reset, to the monitor's first sign, in milliseconds. */
export const START_TIMEOUT_MS = 30_000;

const DEFAULT_CPU = 'cortex-a57';

/** A QEMU machine whose CPUs are the vCPUs of a guest of a stack. Made by {@link createQemu}. */
export class QemuMachine {
  readonly plan: BoardPlan;
  readonly bridge: Bridge;
  /** The guest's serial port. */
  readonly console: Console;
  /** Tells of each restart of the guest, before its first instruction: the how manieth it is. */
  readonly restarts$: Observable<number>;
  /** Settles when the machine has ended and nothing of it is left. */
  readonly ended: Promise<MachineEnd>;
  readonly #options: QemuOptions;
  readonly #program: string;
  readonly #file: SharedFile;
  readonly #link: UnixLink;
  readonly #console: SocketConsole;
  readonly #subscriptions = new Subscription();
  readonly #restarts = new Subject<number>();
  #restarted = 0;
  readonly #patience = new Patience();
  #process: QemuProcess | undefined = undefined;
  #settle: (end: MachineEnd) => void = () => {};
  #ending: MachineEnd | undefined = undefined;
  #panic: string | undefined = undefined;

  constructor(options: QemuOptions) {
    this.#options = options;
    this.#program = findQemu();
    this.plan = planBoard(options.cpus ?? 1, options.ramBytes ?? DEFAULT_RAM_BYTES, options.flash ?? false);
    const { cpus, ramBytes, area, windows } = this.plan;
    this.#file = new SharedFile(openMemoryFile(ramBytes), RAM_BASE, ramBytes);
    this.#link = new UnixLink({ cpus, memory: this.#file, area, alive: () => this.#process?.alive ?? true });
    this.#console = new SocketConsole();
    this.console = this.#console;
    this.restarts$ = this.#restarts.asObservable();
    const start = process.hrtime.bigint();
    const epoch = BigInt(Date.now()) * 1_000_000n;
    const now = (): bigint => process.hrtime.bigint() - start;
    this.bridge = new Bridge({
      link: this.#link,
      windows,
      clock: { now, wall: () => epoch + now() },
      stageTwo: () => (this.plan.flash === undefined ? undefined : writeStageTwo(this.#file, this.plan)),
    });
    // A machine that is gone tells so itself, with the reason.
    this.bridge.onFault = ({ message }) => {
      if (this.#process?.alive !== false) void this.#end({ reason: 'fault', words: message });
    };
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** QEMU's process, once it is started. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** The ports that stand on the machine; the others are the bus's own. */
  get ports(): Pick<Ports, 'memory' | 'interrupts' | 'clock' | 'random'> {
    const { memory, interrupts, clock } = this.bridge;
    return { memory, interrupts, clock, random: { fill: (target) => randomFillSync(target) === target } };
  }

  /**
   * The parts of a guest's spec that the machine decides. A guest that brings its own tree keeps what the tree says of
   * CPUs and interrupt controller: it is a tree of QEMU's virt machine with as many CPUs as this one has.
   */
  guest(tree: 'written' | 'own'): Pick<GuestSpec, 'vcpus' | 'cpus' | 'ports' | 'memory' | 'tree'> {
    const { plan, ports } = this;
    const common = { cpus: this.bridge.cpus, ports, memory: [plan.memory] };
    if (tree === 'own') return common;
    return {
      ...common,
      vcpus: plan.cpus,
      tree: {
        interruptController: { version: 3, distributor: GICD, cpuInterface: GICR },
        devices: (written) => addDevices(written, plan.flash !== undefined),
      },
    };
  }

  /**
   * Starts QEMU and lets the guest begin. What comes of it later is told by {@link ended}.
   *
   * Throws `CompositionError` for a payload that does not fit, and {@link QemuError} where QEMU does not come up within
   * {@link START_TIMEOUT_MS}; the machine has ended then.
   */
  async start(machine: Machine, guest: StackGuest, options: StartOptions): Promise<void> {
    try {
      const placed = placePayload(this.plan, options.payload);
      this.bridge.connect(machine, guest.bus);
      this.#subscriptions.add(guest.bus.ports.system.events$.subscribe((event) => this.#asked(event)));
      this.watchForPanic(this.console.output$);
      await this.#launch(() => this.#load(guest, placed, options));
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      await this.#end({ reason: 'fault', words });
      throw error;
    }
  }

  /**
   * Starts the guest again, as the reset button of a real machine does: CPUs and services are as they were built, and the
   * payload is put into memory anew; other memory keeps what it holds. Ends the machine where
   * {@link QemuOptions.onReset} says so; does nothing where it is not running.
   */
  reset(): void {
    this.#reset('the machine was reset');
  }

  /**
   * Looks for a kernel's panic on a console of the guest's; the serial port is looked at anyway. A kernel that does not
   * reset the machine within {@link PANIC_TIMEOUT_MS} has ended it.
   */
  watchForPanic(output$: Console['output$']): void {
    const watch = new PanicWatch();
    this.#subscriptions.add(
      output$.subscribe((bytes) => {
        const line = this.#panic === undefined ? watch.seen(bytes) : undefined;
        if (line === undefined) return;
        this.#panic = line;
        const timer = setTimeout(() => void this.#end({ reason: 'panic', words: line }), PANIC_TIMEOUT_MS);
        this.#subscriptions.add(() => clearTimeout(timer));
      }),
    );
  }

  /** Ends the machine and waits until nothing of it is left. */
  stop(): Promise<MachineEnd> {
    return this.#end({ reason: 'stopped', words: 'the machine was stopped' });
  }

  #launch(load: () => BootRegisters): Promise<void> {
    const qemu = this.#spawn();
    this.#process = qemu;
    if (qemu.console !== undefined) this.#console.connect(qemu.console);
    if (qemu.link !== undefined) this.#link.connect(qemu.link);
    return new Promise((resolve, reject) => {
      void this.ended.then(({ words }) => reject(new QemuError(words)));
      this.#expectSign((words) => void this.#end({ reason: 'fault', words }));
      this.bridge.onReady = () => {
        this.#patience.end();
        const registers = load();
        resolve();
        this.bridge.onReady = () => this.#startAgain(load);
        return registers;
      };
      void qemu.ended.then(({ code, signal, words }) => {
        const how = signal === null ? `with code ${code}` : `by ${signal}`;
        const end = `QEMU ended ${how}${words === '' ? '' : `: ${words}`}`;
        void this.#end({ reason: 'died', words: end });
      });
    });
  }

  #spawn(): QemuProcess {
    const { cpus, ramBytes, area } = this.plan;
    const cpu = this.#options.cpu ?? DEFAULT_CPU;
    const image = monitorImage(area);
    const monitor = openMemoryFile(image.length);
    try {
      writeSync(monitor, image);
      const args = qemuArguments({ cpu, cpus, ramBytes, restarts: this.#restartsOnReset });
      return new QemuProcess(this.#program, args, { ram: this.#file.descriptor, monitor });
    } finally {
      closeSync(monitor);
    }
  }

  #startAgain(load: () => BootRegisters): BootRegisters {
    this.#patience.end();
    const registers = load();
    this.#restarts.next(++this.#restarted);
    return registers;
  }

  #expectSign(late: (words: string) => void): void {
    const words = `QEMU has shown no sign of life within ${START_TIMEOUT_MS} ms`;
    this.#patience.begin(START_TIMEOUT_MS, () => late(words));
  }

  /** Puts everything into memory. QEMU writes a tree of its own to RAM's beginning at its reset: this comes after. */
  #load(guest: StackGuest, placed: PlacedPayload, { bootargs }: StartOptions): BootRegisters {
    for (const { at, bytes } of placed.files) guest.bus.ports.memory.write(at as never, bytes);
    fitMemory(guest.deviceTree, this.plan.memory);
    writeChosen(guest.deviceTree, {
      ...(bootargs !== undefined && { bootargs }),
      ...(placed.initrd !== undefined && { initrd: placed.initrd }),
      random: (target) => randomFillSync(target),
    });
    guest.bus.ports.memory.write(placed.tree as never, writeDtb(guest.deviceTree));
    return bootRegisters(placed);
  }

  #asked({ event }: SystemEvent): void {
    if (this.#panic !== undefined) void this.#end({ reason: 'panic', words: this.#panic });
    else if (event === 'off2' || event === 'shutdown')
      void this.#end({ reason: 'shutdown', words: 'the guest powered off' });
    else if (event === 'reset2' || event === 'reset') this.#reset('the guest asked for a reset');
    else void this.#end({ reason: event, words: `the guest asked for ${event}` });
  }

  #reset(words: string): void {
    if (!this.#restartsOnReset) void this.#end({ reason: 'reset', words });
    else if (this.bridge.reset())
      this.#expectSign((late) => void this.#end({ reason: 'fault', words: `${words}: ${late}` }));
  }

  get #restartsOnReset(): boolean {
    return this.#options.onReset !== 'end';
  }

  async #end(end: MachineEnd): Promise<MachineEnd> {
    if (this.#ending !== undefined) return this.ended;
    this.#ending = end;
    this.#patience.end();
    this.bridge.close();
    this.#subscriptions.unsubscribe();
    await this.#process?.end();
    this.#link.close();
    this.#console.close();
    this.#file.close();
    this.#restarts.complete();
    this.#settle(end);
    return end;
  }
}

/**
 * Builds a machine: finds QEMU, makes room for the guest's memory. Nothing runs yet.
 *
 * Throws {@link QemuError} where QEMU is missing or there is no room, `CompositionError` for a machine that cannot be.
 */
export function createQemu(options: QemuOptions = {}): QemuMachine {
  return new QemuMachine(options);
}
