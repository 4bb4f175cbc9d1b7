import { inspect } from 'node:util';

/** What a command reads from and writes to. A value, so that tests run commands in their own process. */
export interface Io {
  /** Results. */
  out(text: string): void;
  /** One-line messages; see {@link complain}. */
  err(text: string): void;
  /** Bytes of results that nobody has read yet. */
  readonly unread?: () => number;
  /** Colours results, or leaves them as they are. */
  readonly style: Style;
  /** Width of a line of results, in characters. */
  readonly columns: number;
  /** All of standard input. */
  stdin(): Uint8Array;
  /** The terminal, where a person sits at it. */
  readonly live?: Live;
  /** Hears that the work is to end, as Ctrl-C says it, until the returned function is called. */
  readonly interrupted?: (listener: () => void) => () => void;
}

/** A person at a terminal: what is shown in place, what is typed. */
export interface Live {
  /** Writes to the terminal as it is, past the results. */
  status(text: string): void;
  /** Hears every key as bytes, unbuffered, until the returned function is called. */
  keys(listener: (bytes: Uint8Array) => void): () => void;
}

/** A colour or another way to set text apart, under the name that `inspect.colors` of node:util has for it. */
export type Colour = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan';

/** Text in a colour or several, where the output takes colours. */
export type Style = (colour: Colour | readonly Colour[], text: string) => string;

/** What decides about colours: the stream, and the variables that people set. */
export interface Terminal {
  readonly isTTY: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Whether to colour: on a terminal that is not "dumb", unless `NO_COLOR` is set to anything (no-color.org); and
 * wherever `FORCE_COLOR` is set to anything but 0.
 */
export function wantsColour({ isTTY, env }: Terminal): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '') return env.FORCE_COLOR !== '0';
  return isTTY && env.TERM !== 'dumb';
}

/** A style that colours, or one that does not. */
export function styleFor(coloured: boolean): Style {
  if (!coloured) return (_, text) => text;
  return (colour, text) => {
    const codes = [colour].flat().map((name) => inspect.colors[name as Colour] ?? [0, 0]);
    return `${codes.map(([on]) => `\u001b[${on}m`).join('')}${text}${codes.map(([, off]) => `\u001b[${off}m`).join('')}`;
  };
}

/** One line on standard error, as every command reports what went wrong. */
export function complain(io: Io, message: string): void {
  io.err(`trapline: ${message.replace(/\s*\n\s*/g, ' ')}\n`);
}
