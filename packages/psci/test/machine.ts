import {
  type AttachedGuest,
  type Attachment,
  affinityOf,
  type Caller,
  type Conduit,
  createRegisters,
  createStartState,
  Dispatcher,
  type ExecutionState,
  type Outcome,
  type Pe,
  type Ports,
  type PowerState,
  type Service,
  type StartState,
} from '@trapline/core';

/** Where the memory of the test machine lies. */
const RAM = { base: 0x4000_0000, size: 0x4000_0000 };

/** A bare machine around one service: just enough of the ports to see what firmware does with them. */
export class TestMachine {
  readonly pes: Pe[];
  readonly states: PowerState[];
  readonly starts: StartState[];
  readonly attachment: Attachment;
  now = 0n;
  pending = false;
  readonly #dispatcher: Dispatcher;

  constructor(service: Service, mpidrs: readonly bigint[] = [0n, 1n, 2n, 3n], guest: Partial<AttachedGuest> = {}) {
    this.pes = mpidrs.map((mpidr, index) => createPe(index, mpidr));
    this.states = this.pes.map((_, i) => (i === 0 ? 'running' : 'off'));
    this.starts = this.pes.map(() => createStartState());
    this.attachment = service.start().attach({
      name: 'test',
      pes: this.pes,
      ports: this.#ports(),
      level: 'el3',
      hasEl2: false,
      hasEl3: true,
      midr: 0,
      neighbours: () => [],
      ...guest,
    });
    const claims = this.attachment.implementations.map((implementation) => ({ owner: service.name, implementation }));
    this.#dispatcher = new Dispatcher(claims, this.pes);
  }

  /** Makes a call and carries its outcome out, as far as power goes. */
  call(cpu: number, id: number, ...args: readonly (number | bigint)[]): Outcome {
    const pe = this.pes[cpu] as Pe;
    pe.x.fill(0n, 0, 18);
    pe.x[0] = BigInt(id >>> 0);
    args.forEach((arg, i) => {
      pe.x[i + 1] = BigInt.asUintN(64, BigInt(arg));
    });
    return this.execute(cpu);
  }

  execute(cpu: number): Outcome {
    const pe = this.pes[cpu] as Pe;
    const outcome = this.#dispatcher.dispatch(pe, 'smc', 0);
    if (outcome.kind === 'off') this.states[cpu] = 'stopping';
    if (outcome.kind === 'wait') this.states[cpu] = 'waiting';
    return outcome;
  }

  /** X0 as a signed number. */
  result(cpu = 0): number {
    return Number(BigInt.asIntN(64, (this.pes[cpu] as Pe).x[0] as bigint));
  }

  /** A call that returns, and what it returned. */
  ask(cpu: number, id: number, ...args: readonly (number | bigint)[]): number {
    const outcome = this.call(cpu, id, ...args);
    if (outcome.kind !== 'returned') throw new Error(`did not return: ${outcome.kind}`);
    return this.result(cpu);
  }

  /** A started CPU reaches its first instruction. */
  enter(cpu: number): void {
    this.states[cpu] = 'running';
    this.attachment.entered?.(this.pes[cpu] as Pe);
  }

  /** A CPU that said off has gone. */
  gone(cpu: number): void {
    this.states[cpu] = 'off';
    this.attachment.offCompleted?.(this.pes[cpu] as Pe);
  }

  /** A waiting CPU wakes. */
  wake(cpu: number): void {
    this.states[cpu] = 'running';
    this.attachment.woke?.(this.pes[cpu] as Pe);
  }

  conduit(kind: 'hvc' | 'smc', cpu = 0): Conduit {
    const pe = this.pes[cpu] as Pe;
    const caller: Caller = {
      x: pe.x,
      w: pe.w,
      index: cpu,
      get width(): 32 | 64 {
        return pe.state === 'a64' ? 64 : 32;
      },
      execute: () => this.execute(cpu),
    };
    return { kind, caller };
  }

  #ports(): Ports {
    const unused = new Proxy({}, { get: (_, name) => () => Promise.reject(new Error(`port used: ${String(name)}`)) });
    return {
      power: {
        state: (pe) => this.states[pe.index] as PowerState,
        startState: (pe) => this.starts[pe.index] as StartState,
        start: (pe) => {
          this.states[pe.index] = 'starting';
        },
        wake: (pe) => this.wake(pe.index),
      },
      memory: {
        read: () => false,
        write: () => false,
        has: (address, length) => address >= RAM.base && address + length <= RAM.base + RAM.size,
        translate: (_, address) => address,
      },
      interrupts: { setLevel: () => {}, pulse: () => {}, pending: () => this.pending },
      clock: {
        now: () => this.now,
        counter: () => this.now,
        frequency: 1e9,
        wall: () => this.now,
        stolen: () => 0n,
        at: () => () => {},
      },
      random: unused as Ports['random'],
      system: unused as Ports['system'],
      log: unused as Ports['log'],
    };
  }
}

function createPe(index: number, mpidr: bigint): Pe {
  return {
    ...createRegisters(),
    index,
    mpidr,
    affinity: affinityOf(mpidr),
    el: 1,
    state: 'a64' as ExecutionState,
    secure: false,
    pstate: 0,
    hcr: 0,
    scr: 0,
    sctlr: 0,
  };
}
