import { generateWrapper, type Wrapper } from '../generate.js';
import { describeCall } from '../interface/describe.js';
import type { InterfacePlan } from '../interface/plan.js';
import { type Target, type TargetName, targetOf } from '../target.js';
import { assemblyHead, assemblyOf } from './assembly.js';
import { prototype } from './c-types.js';
import { callWords, headWords } from './words.js';

/**
 * The wrappers of every call of an interface that a target has.
 *
 * Throws {@link WrapperError} where the conduit does not exist on the target.
 */
export function interfaceWrappers(plan: InterfacePlan, target: Target | TargetName): readonly Wrapper[] {
  const resolved = targetOf(target);
  return plan.calls.flatMap((call) => {
    const description = describeCall(plan, call, resolved.set === 'a64');
    return description === undefined ? [] : [generateWrapper(description, resolved)];
  });
}

/** A GNU assembly file with every wrapper of an interface, for one target. */
export function assemblyFile(plan: InterfacePlan, target: Target | TargetName): string {
  const resolved = targetOf(target);
  const wrappers = interfaceWrappers(plan, resolved);
  const head = [
    '/*',
    ...headWords(plan, `call wrappers in ${resolved.title}.`).map((line) => ` * ${line}`.trimEnd()),
    ' */',
  ];
  const parts = wrappers.map((wrapper) => {
    const call = plan.calls.find(({ name }) => name === wrapper.description.name);
    return assemblyOf(wrapper, call ? [`${prototype(call)}`, ...callWords(plan, call)] : []);
  });
  // Without this section linkers take the stack for executable.
  const stack = '\n\t.section\t.note.GNU-stack, "", %progbits\n';
  return `${head.join('\n')}\n${assemblyHead(resolved)}\n${parts.join('\n')}${stack}`;
}
