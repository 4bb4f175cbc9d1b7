import { isParameter, QUIRK_REGISTER, resultsOf, type WrapperDescription } from './description.js';
import { immediateLimit } from './encodings.js';
import { WrapperError } from './errors.js';
import { conduitProblem, type Target } from './target.js';

/** The last register that a call may use: SMCCC 1.2's X17; in AArch32 R12, below SP, LR and PC. */
export const LAST_REGISTER: { readonly a64: 17; readonly a32: 12; readonly t32: 12 } = { a64: 17, a32: 12, t32: 12 };

/** Parameters of one wrapper: more than any call has. */
export const MAX_PARAMETERS = 32;

/** Throws a {@link WrapperError} for a description that has no wrapper on the target. */
export function checkDescription(description: WrapperDescription, target: Target): void {
  const { name, conduit, immediate, inputs, outputs } = description;
  const refuse = (problem: string, remedy: string): never => {
    throw new WrapperError(`${name} for ${target.title}`, problem, remedy);
  };
  if (!/^[A-Za-z_]\w*$/.test(name)) refuse('its name is no C identifier', 'use letters, digits and _');
  const none = conduitProblem(conduit, target);
  if (none !== undefined) refuse(none, 'choose another conduit or target');
  const limit = immediateLimit(target.set, conduit);
  if (!Number.isInteger(immediate) || immediate < 0 || immediate > limit) {
    refuse(`${conduit} there has immediates 0 to ${limit}, not ${immediate}`, 'choose one of those');
  }
  const last = LAST_REGISTER[target.set];
  for (const [what, list] of [
    ['input', inputs],
    ['output', outputs],
  ] as const) {
    const seen = new Set<number>();
    for (const { register } of list) {
      if (!Number.isInteger(register) || register < 0 || register > last) {
        refuse(`${what} register ${register} is outside 0 to ${last}`, 'choose one that the convention has');
      }
      if (seen.has(register)) refuse(`register ${register} is an ${what} twice`, 'name every register once');
      seen.add(register);
    }
  }
  const width = target.set === 'a64' ? 64 : 32;
  for (const input of inputs) {
    if (!isParameter(input) && BigInt(input.constant) !== BigInt.asUintN(width, BigInt(input.constant))) {
      refuse(`constant ${input.constant} is no unsigned ${width}-bit number`, 'give it as one');
    }
  }
  if (inputs.filter(isParameter).length > MAX_PARAMETERS) refuse('it has too many parameters', 'use block');
  if (description.results === 'return' && outputs.length > 1) {
    refuse(`${outputs.length} results cannot be returned`, "use results: 'memory'");
  }
  if (description.block && description.quirk) refuse('a block has no quirk', 'read the register from the results');
  if (description.quirk && resultsOf(description) === 'return') {
    refuse(`a quirk needs register ${QUIRK_REGISTER} after the results are stored`, "use results: 'memory'");
  }
}
