import { PlayedMedium, type Setting, type StagePlan, type TracedActions, tracedMachine } from '@trapline/replay';
import type { GuestServices } from '@trapline/trap-bus';
import type { BlockMedium } from '@trapline/xen';
import { stacks } from '../boot/stacks.js';
import type { TracedDisk } from '../boot/trace.js';
import { XEN_POWER_OFF, XEN_TYPE, XenSide } from '../boot/xen-side.js';
import { servicesFromFile } from '../run/stack-file.js';

/**
 * A stack that `trapline boot` had, by a trace of it: one that it knows by name, or a stack file whose text is in the
 * trace. Throws `Error` for a name that is not known here, `CommandError` for a text that describes no services.
 */
export function playStack(setting: Setting): StagePlan {
  const { options } = setting.subject;
  const pages = Number(options.pages);
  const media = disksOf(options.disks).map(mediumOf);
  const guest = setting.environment.traced?.guest ?? '';
  const xen = new XenSide({ pages, act: (_, work) => work() }, guest, media);
  const { services, tick } = composed(setting, pages, guest, xen);
  const actions: TracedActions = {
    ...(tick !== undefined && { tick }),
    [XEN_TYPE]: ({ hex }) => void xen.console?.type(Buffer.from(String(hex), 'hex')),
    [XEN_POWER_OFF]: () => void xen.powerOff(),
  };
  return tracedMachine(setting, { services, actions, media });
}

interface Composed {
  readonly services: GuestServices;
  readonly tick?: () => void;
}

function composed({ subject }: Setting, pages: number, guest: string, xen: XenSide): Composed {
  const { profile, options } = subject;
  if (typeof options.stack === 'string') {
    return { services: servicesFromFile(profile, options.stack, guest, { xen }) };
  }
  const known = Object.hasOwn(stacks, profile) ? stacks[profile] : undefined;
  if (known === undefined) {
    throw new Error(
      `no stack '${profile}' here; there are ${Object.keys(stacks).join(', ')}, and texts of stack files`,
    );
  }
  const { tick, ...services } = known({ pages, xen });
  return { services, ...(tick !== undefined && { tick }) };
}

function disksOf(option: unknown): readonly Partial<TracedDisk>[] {
  return Array.isArray(option) ? option.map((one) => Object(one)) : [];
}

function mediumOf({ bytes, readOnly }: Partial<TracedDisk>): PlayedMedium & BlockMedium {
  const medium = new PlayedMedium();
  return Object.assign(medium, { bytes: Number.isSafeInteger(bytes) ? Number(bytes) : 0, readOnly: readOnly === true });
}
