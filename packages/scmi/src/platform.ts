import {
  CompositionError,
  type ConduitKind,
  type Handler,
  implement,
  perGuest,
  returnInt,
  type Service,
} from '@trapline/core';
import { statelessAttachment } from '@trapline/smccc';
import { abi, DEFAULT_SMC_ID, doorbellStatus } from './abi.js';
import { answerBase, answerUnknown, type PlatformIdentity } from './base.js';
import { CHANNEL_OVERHEAD, Channel, type ChannelMemory } from './channel.js';
import { BASE_PROTOCOL, parseHeader } from './protocol.js';

/** How the platform answers. */
export interface PlatformOptions extends PlatformIdentity {
  /** Memory of the guest that holds the channel. */
  readonly shmem: ChannelMemory;
  /** The doorbell's function id; {@link DEFAULT_SMC_ID} where absent. */
  readonly smcId?: number;
  readonly conduit?: ConduitKind;
  /** Answers commands of other protocols: status and what follows, at most {@link MAX_PAYLOAD} bytes; undefined: unknown. */
  readonly answer?: (protocol: number, message: number, payload: Uint8Array) => Uint8Array | undefined;
}

/** The smallest channel: what goes before the payload, and the longest answer of the base protocol. */
const SMALLEST = CHANNEL_OVERHEAD + 24;

/**
 * An SCMI platform behind a doorbell call: the base protocol, and what the embedder answers.
 *
 * A message that cannot be read gives the channel back with its error bit; a protocol that is not there is NOT_SUPPORTED. The
 * call itself always succeeds. Throws {@link CompositionError} for shared memory that is too small.
 */
export function platform(options: PlatformOptions): Service {
  const { shmem, smcId = DEFAULT_SMC_ID } = options;
  if (shmem.size < SMALLEST) {
    throw new CompositionError(`the SCMI channel has ${shmem.size} bytes`, `give it ${SMALLEST}`);
  }
  const convention = options.conduit === undefined ? {} : { conduits: [options.conduit] };
  return perGuest({
    name: 'scmi',
    levels: ['el3', 'el2', 'outside'],
    needs: ['memory'],
    attach: (guest) => {
      const channel = new Channel(guest.ports.memory, shmem);
      const doorbell: Handler = (call) => {
        serve(channel, options);
        return returnInt(call, doorbellStatus.SUCCESS.code);
      };
      const implementation = implement(abi, { doorbell }, { convention, ids: { doorbell: [smcId] } });
      channel.release();
      return { ...statelessAttachment('scmi', [implementation]), reset: () => void channel.release() };
    },
  });
}

function serve(channel: Channel, options: PlatformOptions): void {
  if (channel.free !== false) return;
  const message = channel.read();
  if (message === undefined) {
    channel.fail();
    return;
  }
  const { header, payload } = message;
  const { command, protocol, message: number } = parseHeader(header);
  if (!command) {
    channel.fail();
    return;
  }
  const view = new DataView(payload.buffer);
  const argument = payload.length >= 4 ? view.getUint32(0, true) : undefined;
  const answer =
    protocol === BASE_PROTOCOL
      ? answerBase(options, number, argument)
      : (options.answer?.(protocol, number, payload) ?? answerUnknown(protocol));
  channel.answer({ header, payload: answer });
}
