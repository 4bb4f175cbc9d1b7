/** The states of either end of a split device (public/io/xenbus.h), as its `state` node has them in decimal. */
export const XENBUS_STATE = {
  Unknown: 0,
  Initialising: 1,
  /** The back end waits for the front end's details. */
  InitWait: 2,
  /** The front end has told them. */
  Initialised: 3,
  Connected: 4,
  Closing: 5,
  Closed: 6,
  Reconfiguring: 7,
  Reconfigured: 8,
} as const;

/** One of {@link XENBUS_STATE}. */
export type XenbusState = (typeof XENBUS_STATE)[keyof typeof XENBUS_STATE];

/** The state that a node's text says; Unknown for a node that is missing or says nothing of the kind. */
export function xenbusState(text: string | undefined): XenbusState {
  return text !== undefined && /^[0-8]$/.test(text.trim()) ? (Number(text) as XenbusState) : XENBUS_STATE.Unknown;
}

/** A number that a node says in decimal; undefined where it says none, or one beyond 32 bits. */
export function nodeNumber(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,10}$/.test(text)) return undefined;
  const value = Number(text);
  return value <= 0xffff_ffff ? value : undefined;
}
