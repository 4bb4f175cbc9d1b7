import { leadingNumber, stringsPayload, terminatedStrings } from '../rings/text.js';
import type { StoreErrorName } from './errors.js';
import { QUOTA_NAMES } from './quotas.js';
import type { Request } from './requests.js';

type Command = (request: Request, parameters: readonly string[]) => Uint8Array | StoreErrorName;

const OK = stringsPayload('OK');

/**
 * CONTROL: the commands of xenstored that mean something here. EINVAL for others, and for wrong parameters; live update,
 * log files and memory reports belong to the daemon and are not known.
 */
export function control(request: Request): Uint8Array | StoreErrorName {
  const [name, ...parameters] = terminatedStrings(request.payload);
  const command = name === undefined ? undefined : COMMANDS.get(name);
  return command === undefined ? 'EINVAL' : command(request, parameters);
}

const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['check', (_request, parameters) => (parameters.length > 0 ? 'EINVAL' : OK)],
  ['print', print],
  ['quota', quota],
  [
    'help',
    (_request, parameters) => (parameters.length > 0 ? 'EINVAL' : stringsPayload([...COMMANDS.keys()].join('\n'))),
  ],
]);

function print({ domains }: Request, parameters: readonly string[]): Uint8Array | StoreErrorName {
  if (parameters.length !== 1) return 'EINVAL';
  domains.print(parameters[0] as string);
  return OK;
}

function quota({ engine }: Request, parameters: readonly string[]): Uint8Array | StoreErrorName {
  const [first, name, value] = parameters;
  if (first === undefined) {
    const lines = QUOTA_NAMES.map(([text, key, what]) => `${text.padEnd(17)}: ${row(engine.quotas[key])} ${what}\n`);
    return stringsPayload(`Quota settings:\n${lines.join('')}`);
  }
  if (first === 'set') {
    const entry = QUOTA_NAMES.find(([text]) => text === name);
    const setting = leadingNumber(value ?? '');
    if (parameters.length !== 3 || entry === undefined || setting < 1) return 'EINVAL';
    engine.setQuota(entry[1], setting);
    return OK;
  }
  if (parameters.length !== 1) return 'EINVAL';
  const domid = leadingNumber(first) >>> 0;
  const usage = engine.usage(domid);
  if (usage === undefined) return 'ENOENT';
  const lines = Object.entries(usage).map(([what, count]) => `${what.padEnd(16)}: ${row(count)}\n`);
  return stringsPayload(`Domain ${domid}:\n${lines.join('')}`);
}

function row(value: number): string {
  return String(value).padStart(8);
}
