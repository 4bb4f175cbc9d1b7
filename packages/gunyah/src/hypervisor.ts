import {
  type AttachedGuest,
  type Attachment,
  type Call,
  CompositionError,
  type Handler,
  implement,
  type RangeHandler,
  RestoreError,
  type Returned,
  returnHalves,
  returnInt,
  type Saved,
  type Service,
  setResult,
  UNCLAIMED,
} from '@trapline/core';
import { API_64BIT, API_VERSION, abi, FEATURE_DOORBELL, FIRST_IMMEDIATE, LAST_IMMEDIATE } from './abi.js';
import { Doorbell, type DoorbellOptions } from './doorbell.js';
import { Entropy } from './entropy.js';
import { Code } from './status.js';

/** Most doorbells of one hypervisor. */
export const MAX_DOORBELLS = 64;

/** The variant that a build of the public sources names (hyp/interfaces/api/api.tc). */
export const VARIANT_QUALCOMM = 0x51;

/** What the hypervisor gives its guests. */
export interface HypervisorOptions {
  readonly doorbells?: readonly DoorbellOptions[];
  /** Who built it: bits 63:56 of the first result of HYPERVISOR_IDENTIFY. */
  readonly variant?: number;
}

/**
 * Gunyah's side of its hypercalls for AArch64 guests: identification, doorbells between guests, and random numbers.
 *
 * A number of its range that nobody declares is UNIMPLEMENTED; a capability that is not there CSPACE_CAP_NULL, one that is
 * the doorbell's other end CSPACE_INSUFFICIENT_RIGHTS. Throws {@link CompositionError} for a capability given twice.
 */
export function hypervisor(options: HypervisorOptions = {}): Service {
  const { doorbells = [] } = options;
  check(doorbells);
  return {
    name: 'gunyah',
    levels: ['el2'],
    needs: ['interrupts', 'random', 'clock'],
    start: () => {
      const bells = doorbells.map((one) => new Doorbell(one));
      return {
        attach: (guest) => attach(guest, bells, options),
        save: () => bells.map((bell) => bell.save()),
        restore: (saved) => restoreBells(bells, saved),
      };
    },
  };
}

function attach(guest: AttachedGuest, bells: readonly Doorbell[], options: HypervisorOptions): Attachment {
  const entropy = new Entropy(guest);
  const heard = bells.filter(({ options: { receive } }) => receive.guest === guest.name);
  for (const bell of heard) bell.connect(guest);
  const handlers = {
    hypervisorIdentify: identify(options.variant ?? VARIANT_QUALCOMM),
    ...doorbellHandlers(guest, bells),
    prngGetEntropy: (call: Call) => entropy.handle(call),
  };
  const a64 = Object.fromEntries(Object.entries(handlers).map(([name, handler]) => [name, a64Only(handler)]));
  return {
    implementations: [implement(abi, a64, { ranges: [UNIMPLEMENTED] })],
    reset: () => {
      for (const bell of heard) bell.reset();
      entropy.reset();
    },
    save: () => entropy.save(),
    restore: (saved) => entropy.restore(saved),
    describe: (tree) => {
      const node = tree.node('/hypervisor') ?? tree.root.add('hypervisor');
      node.set('compatible', 'gunyah-hypervisor');
    },
  };
}

function identify(variant: number): Handler {
  return (call) => {
    setResult(call, 1, FEATURE_DOORBELL, 0);
    setResult(call, 2, 0, 0);
    setResult(call, 3, 0, 0);
    return returnHalves(call, API_VERSION | API_64BIT, (variant & 0xff) << 24);
  };
}

function doorbellHandlers(guest: AttachedGuest, bells: readonly Doorbell[]) {
  const capabilities = capabilitiesOf(guest.name, bells);
  const through =
    (end: 'send' | 'receive', use: (bell: Doorbell, call: Call) => Returned): Handler =>
    (call) => {
      const found = capabilities.get(call.x[0] as bigint);
      if (found === undefined) return returnInt(call, Code.CSPACE_CAP_NULL);
      return found.end === end ? use(found.bell, call) : returnInt(call, Code.CSPACE_INSUFFICIENT_RIGHTS);
    };
  return {
    doorbellSend: through('send', (bell, call) => returnFlags(call, bell.send(call.x[1] as bigint))),
    doorbellReceive: through('receive', (bell, call) => {
      const clear = call.x[1] as bigint;
      return clear === 0n ? returnInt(call, Code.ARGUMENT_INVALID) : returnFlags(call, bell.receive(clear));
    }),
    doorbellReset: through('receive', (bell, call) => {
      bell.reset();
      return returnInt(call, Code.OK);
    }),
    doorbellMask: through('receive', (bell, call) => {
      bell.mask(call.x[1] as bigint, call.x[2] as bigint);
      return returnInt(call, Code.OK);
    }),
  };
}

function capabilitiesOf(
  name: string,
  bells: readonly Doorbell[],
): ReadonlyMap<bigint, { readonly bell: Doorbell; readonly end: 'send' | 'receive' }> {
  const ends = bells.flatMap((bell) =>
    (['send', 'receive'] as const)
      .filter((end) => bell.options[end].guest === name)
      .map((end) => [BigInt(bell.options[end].capability), { bell, end }] as const),
  );
  return new Map(ends);
}

function returnFlags(call: Call, flags: bigint): Returned {
  setResult(call, 1, Number(flags & 0xffff_ffffn), Number(flags >> 32n));
  return returnInt(call, Code.OK);
}

/** The interface is defined for AArch64 only. */
function a64Only(handler: Handler): Handler {
  return (call) => (call.pe.state === 'a64' ? handler(call) : UNCLAIMED);
}

const UNIMPLEMENTED: RangeHandler = {
  from: FIRST_IMMEDIATE,
  to: LAST_IMMEDIATE,
  handler: a64Only((call) => returnInt(call, Code.UNIMPLEMENTED)),
};

function restoreBells(bells: readonly Doorbell[], saved: Saved): void {
  const list = Array.isArray(saved) ? (saved as readonly Saved[]) : [];
  if (list.length !== bells.length) throw new RestoreError(`the state of ${bells.length} doorbells is wanted`);
  bells.forEach((bell, i) => {
    bell.restore(list[i] as Saved);
  });
}

function check(doorbells: readonly DoorbellOptions[]): void {
  if (doorbells.length > MAX_DOORBELLS) {
    throw new CompositionError(`there are ${doorbells.length} doorbells`, `leave all but ${MAX_DOORBELLS} out`);
  }
  const names = doorbells
    .flatMap(({ send, receive }) => [send, receive])
    .map(({ guest, capability }) => `${capability} of guest ${guest}`);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new CompositionError(`capability ${twice} is there twice`, 'give one another number');
}
