import { dirname, resolve } from 'node:path';
import { CompositionError, type Level, type Service } from '@trapline/core';
import { createStack, type GuestSpec, type ServiceChoice, type Stack } from '@trapline/stack';
import { CommandError } from '../command.js';
import { type Backend, backends, type Surroundings } from './backends.js';
import { readTreeFile } from './read-file.js';
import { type GuestEntry, type ServiceEntry, type StackFile, stackSchema } from './schema.js';
import { validate } from './validate.js';
import { fileError, readYaml, type YamlSource } from './yaml-source.js';

/** What a stack file does not say. */
export interface StackSetting {
  /** Changes a guest's spec as the file has it into the one that is composed. */
  adapt(spec: GuestSpec): GuestSpec;
  /** Asked when all guests are known. */
  surroundings(): Surroundings;
}

const ALONE: StackSetting = { adapt: (spec) => spec, surroundings: () => ({}) };

/**
 * Composes what a stack file describes.
 *
 * Throws `CommandError` with line and column for what the file says wrongly, and with the file for a composition that
 * cannot be.
 */
export async function stackFromFile(file: string, text: string, setting: StackSetting = ALONE): Promise<Stack> {
  const source = readYaml(file, text);
  const checked = validate(file, source, [], stackSchema, source.value);
  const guests = (await Promise.all(checked.guests.map((guest) => guestOf(guest, file)))).map((spec) =>
    setting.adapt(spec),
  );
  const surroundings = setting.surroundings();
  try {
    return createStack({
      guests,
      outside: servicesOf(checked, 'outside', file, source, surroundings),
      el2: servicesOf(checked, 'el2', file, source, surroundings),
      el3: servicesOf(checked, 'el3', file, source, surroundings),
    });
  } catch (error) {
    if (error instanceof CompositionError) throw new CommandError(`${file}: ${error.message}`);
    throw error;
  }
}

/**
 * The services that a stack file describes for a guest, level by level. Throws `CommandError` as {@link stackFromFile}
 * does.
 */
export function servicesFromFile(
  file: string,
  text: string,
  guest: string,
  surroundings: Surroundings,
): Readonly<Record<Level, readonly Service[]>> {
  const source = readYaml(file, text);
  const checked = validate(file, source, [], stackSchema, source.value);
  const at = (level: Level): Service[] =>
    servicesOf(checked, level, file, source, surroundings).flatMap((choice) => {
      if (!('service' in choice)) return [choice];
      return choice.guests.includes(guest) ? [choice.service] : [];
    });
  return { outside: at('outside'), el2: at('el2'), el3: at('el3') };
}

/** A stack file names files alone. */
const NO_INPUT = { stdin: () => new Uint8Array() };

async function guestOf(entry: GuestEntry, file: string): Promise<GuestSpec> {
  const { name, vcpus, memory, deviceTree, bootargs, interruptController, midr, el2, el3 } = entry;
  const written = bootargs !== undefined || interruptController !== undefined;
  return {
    name,
    ...(vcpus !== undefined && { vcpus: typeof vcpus === 'number' ? vcpus : vcpus.map(vcpuOf) }),
    ...(memory && { memory }),
    ...(deviceTree !== undefined && { deviceTree: await readTreeFile(resolve(dirname(file), deviceTree), NO_INPUT) }),
    ...(written && { tree: { ...(bootargs !== undefined && { bootargs }), ...interruptControllerOf(entry) } }),
    ...(midr !== undefined && { midr }),
    ...(el2 !== undefined && { hasEl2: el2 }),
    ...(el3 !== undefined && { hasEl3: el3 }),
  };
}

/** A vCPU's MPIDR reads with bit 31 set. */
function vcpuOf(affinity: number): { readonly mpidr: bigint } {
  return { mpidr: BigInt(affinity) | 0x8000_0000n };
}

function interruptControllerOf({
  interruptController: given,
}: GuestEntry): Pick<NonNullable<GuestSpec['tree']>, 'interruptController'> {
  if (given === undefined) return {};
  const { version, distributor, cpuInterface } = given;
  return {
    interruptController: {
      ...(version !== undefined && { version }),
      ...(distributor !== undefined && { distributor }),
      ...(cpuInterface !== undefined && { cpuInterface }),
    },
  };
}

function servicesOf(
  checked: StackFile,
  level: Level,
  file: string,
  source: YamlSource,
  surroundings: Surroundings,
): ServiceChoice[] {
  return (checked[level] ?? []).map((entry, index) => {
    const made = serviceOf(entry, [level, index], file, source, surroundings);
    return entry.guests === undefined ? made : { service: made, guests: entry.guests };
  });
}

function serviceOf(
  { service: name, guests: _, ...options }: ServiceEntry,
  path: readonly PropertyKey[],
  file: string,
  source: YamlSource,
  surroundings: Surroundings,
): Service {
  const backend: Backend | undefined = Object.hasOwn(backends, name) ? backends[name] : undefined;
  if (backend === undefined) {
    const known = Object.keys(backends).join(', ');
    throw fileError(file, source.placeOf([...path, 'service'], 'value'), `no service '${name}'; there are ${known}`);
  }
  validate(file, source, path, backend.options, options);
  return backend.make(options, surroundings);
}
