import * as v from 'valibot';
import { address, byteCount, word32 } from './quantities.js';

const name = v.pipe(
  v.string('write a name'),
  v.regex(
    /^[A-Za-z][A-Za-z0-9_-]{0,62}$/,
    'write a name of letters, digits, - and _ that begins with a letter (at most 63)',
  ),
);

const region = v.strictObject(
  { base: address, size: byteCount },
  'write a region as { base: 0x40000000, size: 512 MiB }',
);

const mpidr = v.pipe(
  v.number('write an MPIDR affinity as a number (0x100)'),
  v.safeInteger('write a whole number'),
  v.minValue(0, 'write a number from 0'),
  v.maxValue(0xff_00ff_ffff, 'write Aff3 in bits 39:32 and Aff2 to Aff0 in bits 23:0'),
);

const interruptController = v.strictObject({
  version: v.optional(v.picklist([2, 3], 'write 2 or 3')),
  distributor: v.optional(address),
  cpuInterface: v.optional(address),
});

/** A run exercises every CPU, and prints what each does. */
const MAX_VCPUS = 1024;

const VCPUS = `write how many vCPUs (1 to ${MAX_VCPUS}), or a list of their MPIDR affinities ([0x0, 0x1, 0x100, 0x101])`;

const guest = v.strictObject({
  name,
  vcpus: v.optional(
    v.union(
      [
        v.pipe(v.number(), v.integer(VCPUS), v.minValue(1, VCPUS), v.maxValue(MAX_VCPUS, VCPUS)),
        v.pipe(v.array(mpidr), v.maxLength(MAX_VCPUS, VCPUS)),
      ],
      VCPUS,
    ),
  ),
  memory: v.optional(v.array(region, 'write a list of regions ([{ base: 0x40000000, size: 512 MiB }])')),
  deviceTree: v.optional(v.string('write the path of a .dtb or .dts file')),
  bootargs: v.optional(v.string('write the kernel command line as a string')),
  interruptController: v.optional(interruptController),
  midr: v.optional(word32),
  el2: v.optional(v.boolean('write true or false')),
  el3: v.optional(v.boolean('write true or false')),
});

/** A service by the name of its backend; the other keys are the backend's options. */
const service = v.looseObject(
  {
    service: v.string('write the name of a service'),
    guests: v.optional(v.array(name, 'write a list of guest names')),
  },
  'write a service as { service: psci, … }',
);

const services = v.optional(v.array(service, 'write a list of services'));

/** What a stack file may hold. */
export const stackSchema = v.strictObject(
  {
    guests: v.pipe(v.array(guest, 'write a list of guests'), v.minLength(1, 'write at least one guest')),
    el3: services,
    el2: services,
    outside: services,
  },
  'write a mapping with guests, and services under el3, el2 or outside',
);

/** A stack file, checked. */
export type StackFile = v.InferOutput<typeof stackSchema>;
/** A guest of a stack file. */
export type GuestEntry = StackFile['guests'][number];
/** A service of a stack file, its options not yet looked at. */
export type ServiceEntry = NonNullable<StackFile['el3']>[number];
