import {
  type Attachment,
  defineInterface,
  implement,
  type Level,
  OFF,
  perGuest,
  RestoreError,
  returnInt,
  type Service,
  u32,
  u64,
} from '@trapline/core';

/** An interface for tests: a lamp that remembers its brightness, and starts and stops CPUs. */
function declare(name: string) {
  return defineInterface({
    name,
    title: 'Lamp',
    source: 'of these tests',
    calls: {
      get: { id: 0x8300_0000, since: '1', clause: '1', summary: 'The brightness.', returns: u32 },
      set: {
        id: 0x8300_0001,
        since: '1',
        clause: '2',
        summary: 'Sets the brightness.',
        arguments: { brightness: u32 },
        returns: u32,
      },
      start: {
        id: 0xc300_0002,
        since: '1',
        clause: '3',
        summary: 'Starts a CPU.',
        arguments: { target: u32, entry: u64, context: u64 },
        returns: u32,
      },
      off: {
        id: 0x8300_0003,
        since: '1',
        clause: '4',
        summary: 'Ends the calling CPU.',
        returns: u32,
        waits: true,
      },
    },
  });
}

export const lampAbi = declare('lamp');

/** The same under another name, for trees in which discovery knows that name. */
const psciLampAbi = declare('psci');

export interface LampOptions {
  readonly name?: string;
  readonly levels?: readonly Level[];
  readonly conduits?: readonly string[];
  readonly trapsSmc?: boolean;
  readonly abi?: 'lamp' | 'psci';
}

/** The lamp as a service; it describes itself as `/lamp`. */
export function lamp(options: LampOptions = {}): Service {
  const name = options.name ?? 'lamp';
  return perGuest({
    name,
    levels: options.levels ?? ['el3', 'el2', 'outside'],
    needs: ['power'],
    attach: ({ pes, ports }): Attachment => {
      let brightness = 0;
      const implementation = implement(
        options.abi === 'psci' ? psciLampAbi : lampAbi,
        {
          get: (call) => returnInt(call, brightness),
          set: (call) => {
            brightness = call.w[0] as number;
            return returnInt(call, 0);
          },
          start: (call) => {
            const target = pes[call.w[0] as number];
            if (target === undefined || ports.power.state(target) !== 'off') return returnInt(call, -1);
            const start = ports.power.startState(target);
            start.w.set(call.w.subarray(2, 6));
            start.el = call.pe.el;
            ports.power.start(target);
            return returnInt(call, 0);
          },
          off: () => OFF,
        },
        options.conduits ? { convention: { conduits: options.conduits } } : {},
      );
      return {
        implementations: [implementation],
        ...(options.trapsSmc && { trapsSmc: true }),
        reset: () => {
          brightness = 0;
        },
        save: () => ({ brightness }),
        restore: (saved) => {
          const value = (saved as { brightness?: unknown } | null)?.brightness;
          if (typeof value !== 'number') throw new RestoreError('no lamp');
          brightness = value;
        },
        describe: (tree, { conduit, cpus }) => {
          tree.add(name, { compatible: 'test,lamp', method: conduit });
          for (const path of cpus) tree.require(path).set('enable-method', 'test,lamp');
        },
      };
    },
  });
}
