import { CallFault, type ClientOf, type Conduit, createClient, type Driver } from '@trapline/core';
import { abi, IO_MAGIC, MAGIC, MDCCSR_EL0, MODE_IN_LONG, PORT } from './abi.js';
import { ChannelClient } from './channel-client.js';
import { Command, PROTOCOL_RPCI, UNSUPPORTED } from './commands.js';
import { uuidOf } from './uuid.js';

/** Compatible strings that the driver binds to; systemd knows VMware by the same word. */
export const COMPATIBLE: readonly string[] = ['vmware'];

const MODE = (BigInt(IO_MAGIC) << 32n) | BigInt(MODE_IN_LONG);
const NO_CALL = { value: 0, port: PORT, high: 0, low: 0, unused: 0, mode: MODE };

/** What comes back in X0 to X5. */
export type BackdoorResult = ReturnType<ClientOf<typeof abi>['inOut']>;

/** Time as the host has it. */
export interface HostTime {
  readonly seconds: bigint;
  readonly microseconds: number;
  /** How far the guest's time may lag, in microseconds. */
  readonly maxTimeLag: number;
}

/** A guest on VMware, as the driver has found it. */
export class Vmware {
  readonly conduit: Conduit;
  readonly version: number;
  readonly product: number;
  readonly #calls: ClientOf<typeof abi>;

  constructor(conduit: Conduit, calls: ClientOf<typeof abi>, version: number, product: number) {
    this.conduit = conduit;
    this.version = version;
    this.product = product;
    this.#calls = calls;
  }

  /** Any command, with the registers that it takes. */
  call(command: number, args: Partial<typeof NO_CALL> = {}): BackdoorResult {
    return this.#calls.inOut({ ...NO_CALL, ...args, command });
  }

  /** The machine's UUID; undefined where the command is not there. */
  uuid(): string | undefined {
    const { ax, bx, cx, dx } = this.call(Command.GETUUID);
    return ax === UNSUPPORTED ? undefined : uuidOf([ax, bx, cx, dx]);
  }

  /** The host's time, by the newest command that answers, as open-vm-tools asks; undefined where none does. */
  time(): HostTime | undefined {
    for (const command of [Command.GETTIMEFULL_WITH_LAG, Command.GETTIMEFULL]) {
      const { ax, bx, cx, dx, si } = this.call(command);
      if (ax === MAGIC) return { seconds: (BigInt(si) << 32n) | BigInt(dx), microseconds: bx, maxTimeLag: cx };
    }
    const { ax, bx, cx } = this.call(Command.GETTIME);
    return ax === UNSUPPORTED ? undefined : { seconds: BigInt(ax), microseconds: bx, maxTimeLag: cx };
  }

  /** Opens a message channel; undefined where there is none to have. */
  open(protocol: number = PROTOCOL_RPCI): ChannelClient | undefined {
    return ChannelClient.open(this, protocol);
  }

  /**
   * One guest-RPC: opens a channel, sends, receives, closes. The reply without its first word, and whether that said
   * success; undefined where no channel could be opened or the other side broke the protocol.
   */
  rpc(command: string): { readonly succeeded: boolean; readonly text: string } | undefined {
    const channel = this.open();
    if (channel === undefined) return undefined;
    try {
      if (!channel.send(new TextEncoder().encode(command))) return undefined;
      const reply = channel.receive();
      if (reply === undefined) return undefined;
      const text = new TextDecoder().decode(reply);
      return { succeeded: text.startsWith('1 '), text: text.slice(2) };
    } finally {
      channel.close();
    }
  }
}

/** How a driver calls: by the trapped register read, as open-vm-tools and Linux do, or by HVC. */
export function vmwareDriver({ conduit: kind = 'mrs' }: { readonly conduit?: 'mrs' | 'hvc' } = {}): Driver<Vmware> {
  return {
    name: 'vmware',
    compatible: COMPATIBLE,
    needs: [],
    bind: (context, node) => (node === undefined ? undefined : probe(context.conduit(kind))),
  };
}

/** {@link vmwareDriver} by the trapped register read. */
export const driver: Driver<Vmware> = vmwareDriver();

/** Asks for the version with registers that hold nothing a VMware would answer, as open-vm-tools does. */
function probe(conduit: Conduit): Vmware | undefined {
  const calls = createClient(abi, conduit, { immediate: conduit.kind === 'mrs' ? MDCCSR_EL0 : IO_MAGIC });
  try {
    const value = ~MAGIC >>> 0;
    const { ax, bx, cx } = calls.inOut({ ...NO_CALL, value, command: 0xffff_0000 + Command.GETVERSION });
    return ax === UNSUPPORTED || bx !== MAGIC ? undefined : new Vmware(conduit, calls, ax, cx);
  } catch (error) {
    if (error instanceof CallFault) return undefined;
    throw error;
  }
}
