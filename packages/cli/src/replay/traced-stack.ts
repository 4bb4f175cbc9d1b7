import { PlayedMedium, type Setting, type StagePlan, type TracedActions, tracedMachine } from '@trapline/replay';
import type { BlockMedium } from '@trapline/xen';
import { stacks } from '../boot/stacks.js';
import type { TracedDisk } from '../boot/trace.js';
import { XEN_POWER_OFF, XEN_TYPE, XenSide } from '../boot/xen-side.js';

/** A stack that `trapline boot` names, by a trace of it. Throws `Error` for a name that is not known here. */
export function playStack(setting: Setting): StagePlan {
  const { profile, options } = setting.subject;
  const services = Object.hasOwn(stacks, profile) ? stacks[profile] : undefined;
  if (services === undefined)
    throw new Error(`no stack '${profile}' here; there are ${Object.keys(stacks).join(', ')}`);
  const pages = Number(options.pages);
  const media = disksOf(options.disks).map(mediumOf);
  const guest = setting.environment.traced?.guest ?? '';
  const xen = new XenSide({ pages, act: (_, work) => work() }, guest, media);
  const { el2 = [], el3 = [], tick } = services({ pages, xen });
  const actions: TracedActions = {
    ...(tick !== undefined && { tick }),
    [XEN_TYPE]: ({ hex }) => void xen.console?.type(Buffer.from(String(hex), 'hex')),
    [XEN_POWER_OFF]: () => void xen.powerOff(),
  };
  return tracedMachine(setting, { services: { el2, el3 }, actions, media });
}

function disksOf(option: unknown): readonly Partial<TracedDisk>[] {
  return Array.isArray(option) ? option.map((one) => Object(one)) : [];
}

function mediumOf({ bytes, readOnly }: Partial<TracedDisk>): PlayedMedium & BlockMedium {
  const medium = new PlayedMedium();
  return Object.assign(medium, { bytes: Number.isSafeInteger(bytes) ? Number(bytes) : 0, readOnly: readOnly === true });
}
