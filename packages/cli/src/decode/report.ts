import type { Io } from '../io.js';
import type { ExplainedArgument, ExplainedCall, Explanation } from './explain.js';
import type { OwnExplanation } from './own-numbers.js';

/** An explanation for people: one fact a line, arguments in columns. */
export function decodeReport(explanation: Explanation | OwnExplanation, { style }: Pick<Io, 'style'>): string {
  const { id, call, notes } = explanation;
  const title = call
    ? `${style(['bold', 'cyan'], call.name)}  ${call.title}`
    : 'a call that no interface here declares';
  const lines = [`${style('bold', id)}  ${title}`];
  const fact = (name: string, text: string): void => {
    lines.push(`  ${style('dim', name.padEnd(11))}${text}`);
  };
  if (call) {
    fact('', call.summary);
    fact('call', `${call.interface}.${call.method}, since ${call.since}; ${call.source}, ${call.clause}`);
  }
  if ('how' in explanation) fact('how', explanation.how);
  else {
    fact('kind', kindWords(explanation, call));
    fact('owner', ownerWords(explanation));
  }
  if (call) {
    argumentLines(call.arguments).forEach((line, i) => {
      fact(i === 0 ? 'arguments' : '', line);
    });
    fact('returns', call.returns);
    if (call.errors.length > 0) {
      fact('errors', call.errors.map(({ name, code }) => (code === null ? name : `${name} ${code}`)).join(', '));
    }
  }
  for (const note of notes) fact('note', style('yellow', note));
  return `${lines.join('\n')}\n`;
}

function kindWords({ kind, width, id, sveHint }: Explanation, call: ExplainedCall | null): string {
  const others = call?.ids.filter((other) => other !== id) ?? [];
  const form = others.length === 0 ? '' : `; the other form is ${others.join(', ')}`;
  return `${kind} call, SMC${width}${form}${sveHint ? '; with the hint that no SVE state is live' : ''}`;
}

function ownerWords({ owner, number, specification }: Explanation): string {
  const range = specification ? `, in the range of ${specification.name} (${specification.source})` : '';
  return `${owner.number === null ? '' : `${owner.number}: `}${owner.name}, number ${number}${range}`;
}

function argumentLines(list: readonly ExplainedArgument[]): string[] {
  if (list.length === 0) return ['none'];
  const width = (pick: (argument: ExplainedArgument) => string): number =>
    Math.max(...list.map((argument) => pick(argument).length)) + 2;
  const name = width((argument) => argument.name);
  const type = width((argument) => argument.type);
  return list.map((argument) => {
    const head = `${argument.register.padEnd(5)}${argument.name.padEnd(name)}${argument.type.padEnd(type)}`;
    const { value, text } = argument;
    if (value === undefined) return head.trimEnd();
    return text === value ? `${head}${value}` : `${head}${value} (${text})`;
  });
}
