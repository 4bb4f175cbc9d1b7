import { type InterfacePlan, interfaceWrappers, type TargetName } from '@trapline/wrappers';

/** A wrapper as `--json` prints it. */
export interface ListedWrapper {
  readonly name: string;
  /** Machine code as the target's memory holds it, in hexadecimal. */
  readonly bytes: string;
  readonly assembly: readonly string[];
}

/** Every wrapper of an interface for a target. */
export function listingOf(plan: InterfacePlan, target: TargetName): readonly ListedWrapper[] {
  return interfaceWrappers(plan, target).map(({ description, bytes, instructions }) => ({
    name: description.name,
    bytes: Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(''),
    assembly: instructions.map(({ text }) => text.replace(/ +/, ' ')),
  }));
}
